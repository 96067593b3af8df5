/** How mail went, as numbers: by time, stream, receiver, source, tag. Of the key's own organization. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { COUNTED, SpoolError } from '#engine/spool'
import { SHEET_CHARSETS, sheetOf, STATISTIC_KEYS, statistics } from '#product/insight'
import type { CountSource, Statistic, StatisticsQuery } from '#product/insight'

import type { Routes } from './parts.ts'
import { Problem } from './problem.ts'
import { isoTime, Line } from './text.ts'
import { needs } from './security.ts'

const Maybe = Type.Optional
const Time = Type.String({ format: 'date-time' })
const Name = Line({ maxLength: 320 })
const DAY = 86_400_000

/** Rows of one answer, and days that it may look at. */
const MOST = 10_000
const SPAN = 1_100

const QUERY = {
  by: Maybe(
    Type.String({
      maxLength: 100,
      pattern: `^(?:${STATISTIC_KEYS.join('|')})(?:,(?:${STATISTIC_KEYS.join('|')}))*$`,
      default: 'day',
      description: `Of ${STATISTIC_KEYS.join(', ')}; several with commas. domain, sender and tag are kept by the day in UTC, and go neither with each other nor with hour, source and provider.`,
    }),
  ),
  from: Maybe(
    Type.String({
      format: 'date-time',
      description: 'Hours and days that begin then or later. Default: 30 days ago.',
    }),
  ),
  to: Maybe(Type.String({ format: 'date-time', description: 'And before then. Default: now.' })),
  zone: Maybe(
    Type.Integer({
      minimum: -840,
      maximum: 840,
      default: 0,
      description: 'Minutes east of UTC at which a day begins: 540 in Japan.',
    }),
  ),
  stream: Maybe(Name),
  source: Maybe(Name),
  provider: Maybe(Name),
  domain: Maybe(Name),
  sender: Maybe(Name),
  tag: Maybe(Name),
}

const CLOSED = { additionalProperties: false }
const Query = Type.Object(QUERY, CLOSED)
const SheetQuery = Type.Object({ ...QUERY, charset: Maybe(Type.Enum(SHEET_CHARSETS)) }, CLOSED)

const Counts = Type.Object(
  Object.fromEntries(COUNTED.map((kind) => [kind, Type.Integer()])) as {
    [K in (typeof COUNTED)[number]]: ReturnType<typeof Type.Integer>
  },
  {
    description:
      'One a recipient; deferred once for each try, opened and clicked for each time. unique_opens and unique_clicks: deliveries that were, by anybody but machines.',
  },
)
const Classes = Type.Record(Type.String(), Type.Integer())
const Milliseconds = Type.Integer({ description: 'At most so many milliseconds; to a fifth.' })

const Row = Type.Object(
  {
    hour: Maybe(Time),
    day: Maybe(Time),
    stream: Maybe(Type.String()),
    source: Maybe(Type.String()),
    provider: Maybe(Type.String()),
    class: Maybe(Type.String()),
    domain: Maybe(Type.String()),
    sender: Maybe(Type.String()),
    tag: Maybe(Type.String()),
    counts: Counts,
    classes: Type.Object(
      {
        deferred: Maybe(Classes),
        bounced: Maybe(Classes),
        returned: Maybe(Classes),
        opened: Maybe(Classes),
        unique_opens: Maybe(Classes),
        clicked: Maybe(Classes),
        unique_clicks: Maybe(Classes),
      },
      { description: 'Why it was not taken; of opens and clicks, who: human, proxy or machine.' },
    ),
    time_to_deliver: Maybe(Type.Object({ p50: Milliseconds, p90: Milliseconds, p99: Milliseconds })),
  },
  { title: 'Statistic' },
)

export const statisticsRoutes: Routes = (app, { authenticate, counts, now }) => {
  app.route({
    method: 'GET',
    url: '/v1/statistics',
    schema: {
      operationId: 'showStatistics',
      summary: 'How mail went, by what it is to be told apart',
      tags: ['statistics'],
      ...needs('statistics:read'),
      querystring: Query,
      response: { 200: Type.Object({ data: Type.Array(Row) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'statistics:read')
      return { data: (await counted(counts, asked(request.query, organization, now()))).map(shown) }
    },
  })
  app.route({
    method: 'GET',
    url: '/v1/statistics.csv',
    schema: {
      operationId: 'downloadStatistics',
      summary: 'The same for spreadsheets',
      tags: ['statistics'],
      ...needs('statistics:read'),
      querystring: SheetQuery,
      produces: ['text/csv'],
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'statistics:read')
      const { charset = 'utf-8', ...query } = request.query
      const question = asked(query, organization, now())
      const { by, zone = 0 } = question
      const sheet = sheetOf(await counted(counts, question), { by, charset, zone })
      void reply.header('content-disposition', 'attachment; filename="statistics.csv"')
      return reply.type(`text/csv; charset=${charset}`).send(sheet)
    },
  })
}

/** @throws {Problem} `invalid` */
function asked(
  { by = 'day', from, to, zone = 0, ...filter }: Static<typeof Query>,
  organization: string,
  now: number,
): StatisticsQuery {
  const names = by.split(',')
  const end = to === undefined ? now : Date.parse(to)
  const begin = from === undefined ? end - 30 * DAY : Date.parse(from)
  if (begin >= end || end - begin > SPAN * DAY)
    throw wrong('from', `the time asked for must be before its end, and at most ${SPAN} days`)
  const keys = [...new Set(names)].flatMap((name) => STATISTIC_KEYS.filter((key) => key === name))
  return { organization, from: begin, to: end, zone, by: keys, ...filter }
}

async function counted(source: CountSource, query: StatisticsQuery): Promise<readonly Statistic[]> {
  const rows = await refusing(() => statistics(source, query))
  if (rows.length > MOST)
    throw wrong('by', `that would be ${rows.length} rows: ask for a shorter time, or less apart`)
  return rows
}

async function refusing<T>(count: () => Promise<T>): Promise<T> {
  try {
    return await count()
  } catch (error) {
    if (error instanceof SpoolError && error.code === 'refused') throw wrong('by', error.message)
    throw error
  }
}

function wrong(field: string, detail: string): Problem {
  return new Problem('invalid', detail, { places: [{ pointer: `#/${field}`, detail }] })
}

function shown({ key, counts, classes, delay }: Statistic): Static<typeof Row> {
  const { hour, day, organization: _, ...names } = key
  return {
    ...(hour !== undefined && { hour: isoTime(hour) }),
    ...(day !== undefined && { day: isoTime(day) }),
    ...names,
    counts,
    classes,
    ...(delay !== undefined && { time_to_deliver: delay }),
  }
}
