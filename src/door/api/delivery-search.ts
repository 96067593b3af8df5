/** Deliveries, found: in pages, or as a file of all of them. Those of the key's own organization, and no other. */

import { Readable } from 'node:stream'

import { Type } from 'typebox'
import type { Static } from 'typebox'

import type { DeliveryFilter, DeliveryKey } from '#engine/spool'
import { SHEET_CHARSETS, SHEET_MARK, sheetLine, sheetOctets } from '#product/insight'
import type { SheetCharset } from '#product/insight'
import type { MessageRow, Operations } from '#product/operation'

import { DeliveryRow, deliveryRow, State } from './delivery-schema.ts'
import { canonicalRecipient } from './event-schema.ts'
import { cursorOf, DEFAULT_LIMIT, keyOf, PAGE, pageOf } from './page.ts'
import type { Routes } from './parts.ts'
import { invalidAt } from './problem.ts'
import { needs } from './security.ts'
import { Line } from './text.ts'

const Maybe = Type.Optional
const CLOSED = { additionalProperties: false }

const FILTER = {
  recipient: Maybe(Line({ maxLength: 320, description: 'An address, or `@domain` for all of one.' })),
  subject: Maybe(
    Line({
      minLength: 1,
      maxLength: 200,
      description: 'Somewhere in the subject; `a` to `z` are the same as capitals.',
    }),
  ),
  tag: Maybe(Line({ minLength: 1, maxLength: 255 })),
  state: Maybe(State),
  class: Maybe(
    Line({ maxLength: 63, description: 'Why it was not taken, at the last attempt or as it came back.' }),
  ),
  stream: Maybe(Line({ maxLength: 63 })),
  from: Maybe(Line({ maxLength: 320, description: 'The reverse-path.' })),
  since: Maybe(Type.String({ format: 'date-time', description: 'Messages that came in then or later.' })),
  until: Maybe(Type.String({ format: 'date-time', description: 'And before then.' })),
}

const Search = Type.Object({ ...PAGE, ...FILTER }, CLOSED)
const Export = Type.Object(FILTER, CLOSED)
const SheetExport = Type.Object({ ...FILTER, charset: Maybe(Type.Enum(SHEET_CHARSETS)) }, CLOSED)

export const deliverySearchRoutes: Routes = (app, { authenticate, operations }) => {
  app.route({
    method: 'GET',
    url: '/v1/deliveries',
    schema: {
      operationId: 'listDeliveries',
      summary: 'Find deliveries, newest first',
      description:
        'One request looks at so many: a page may have fewer rows than `limit`, or none, and more after it, as long as `next` is there.',
      tags: ['messages'],
      ...needs('messages:read'),
      querystring: Search,
      response: { 200: pageOf(DeliveryRow, 'Delivery') },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'messages:read')
      const { limit = DEFAULT_LIMIT, cursor, ...wanted } = request.query
      const before = cursor === undefined ? {} : { before: keyOf(cursor) }
      const { rows, next } = await operations.search({ ...filterOf(organization, wanted), ...before, limit })
      return { data: rows.map(shown), next: next === undefined ? null : cursorOf(next) }
    },
  })
  exportRoutes(app, { authenticate, operations })
}

type Parts = Pick<Parameters<Routes>[1], 'authenticate' | 'operations'>

function exportRoutes(app: Parameters<Routes>[0], { authenticate, operations }: Parts): void {
  app.route({
    method: 'GET',
    url: '/v1/deliveries.csv',
    schema: {
      operationId: 'downloadDeliveries',
      summary: 'All that are found, for spreadsheets',
      tags: ['messages'],
      ...needs('messages:read'),
      querystring: SheetExport,
      produces: ['text/csv'],
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'messages:read')
      const { charset = 'utf-8', ...wanted } = request.query
      const filter = filterOf(organization, wanted)
      void reply.header('content-disposition', 'attachment; filename="deliveries.csv"')
      return reply
        .type(`text/csv; charset=${charset}`)
        .send(Readable.from(sheet(operations, filter, charset)))
    },
  })
  app.route({
    method: 'GET',
    url: '/v1/deliveries.ndjson',
    schema: {
      operationId: 'exportDeliveries',
      summary: 'All that are found, each a line of JSON',
      tags: ['messages'],
      ...needs('messages:read'),
      querystring: Export,
      produces: ['application/x-ndjson'],
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'messages:read')
      const filter = filterOf(organization, request.query)
      return reply.type('application/x-ndjson').send(Readable.from(lines(operations, filter)))
    },
  })
}

/** @throws {Problem} `invalid` */
function filterOf(organization: string, wanted: Static<typeof Export>): DeliveryFilter {
  const { recipient, subject, tag, state, class: name, stream, from, since, until } = wanted
  const to = recipient === undefined ? undefined : canonicalRecipient(recipient)
  if (recipient !== undefined && to === undefined)
    throw invalidAt('#/recipient', 'expected an address, or @ and a domain')
  return {
    organization,
    ...given({ recipient: to, subject, tag, class: name, stream, sender: from }),
    ...(state !== undefined && { states: [state] }),
    ...(since !== undefined && { since: Date.parse(since) }),
    ...(until !== undefined && { until: Date.parse(until) }),
  }
}

type Texts = 'recipient' | 'subject' | 'tag' | 'class' | 'stream' | 'sender'

function given(texts: { readonly [K in Texts]: string | undefined }): Pick<DeliveryFilter, Texts> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined))
}

function shown({ message, delivery }: MessageRow): Static<typeof DeliveryRow> {
  return deliveryRow(message, delivery)
}

/** Rows of one reading: all of them are never in memory. */
const READING = 1_000

/** Goes no further than its reader has read. */
async function* pages(
  operations: Pick<Operations, 'search'>,
  filter: DeliveryFilter,
): AsyncGenerator<readonly Static<typeof DeliveryRow>[]> {
  for (let before: DeliveryKey | undefined; ;) {
    const { rows, next } = await operations.search({ ...filter, limit: READING, ...(before && { before }) })
    yield rows.map(shown)
    if (next === undefined) return
    before = next
  }
}

async function* lines(
  operations: Pick<Operations, 'search'>,
  filter: DeliveryFilter,
): AsyncGenerator<string> {
  for await (const rows of pages(operations, filter))
    if (rows.length > 0) yield rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

const COLUMNS = [
  'id',
  'message',
  'recipient',
  'state',
  'stream',
  'from',
  'subject',
  'tags',
  'accepted_at',
  'next_attempt_at',
  'ended_at',
  'attempts',
  'last_reply',
] as const satisfies readonly (keyof Static<typeof DeliveryRow>)[]

async function* sheet(
  operations: Pick<Operations, 'search'>,
  filter: DeliveryFilter,
  charset: SheetCharset,
): AsyncGenerator<Buffer> {
  yield sheetOctets(SHEET_MARK[charset] + sheetLine(COLUMNS), charset)
  for await (const rows of pages(operations, filter)) {
    const text = rows.map((row) => sheetLine(COLUMNS.map((name) => cellOf(row[name])))).join('')
    if (text !== '') yield sheetOctets(text, charset)
  }
}

function cellOf(value: string | number | readonly string[] | undefined): string {
  return typeof value === 'object' ? value.join(' ') : String(value ?? '')
}
