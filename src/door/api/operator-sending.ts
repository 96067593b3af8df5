/** How mail leaves: queues, reactions, sources, warm-up, what is thought of our addresses. For operators. */

import { Type } from 'typebox'

import { operatorRoute, rowsOf } from './operator-route.ts'
import type { Routes } from './parts.ts'
import { CLOSED, Time } from './person-schema.ts'
import { Line } from './text.ts'

const Named = Type.Object({ id: Line({ minLength: 1, maxLength: 255 }) })
/** What the rules say of it; `kind` or `at` tells which. */
const Facts = Type.Record(Type.String(), Type.Unknown())
const Share = Type.Number()

const Queue = Type.Object(
  {
    queue: Type.String({ description: 'Organization, stream and domain.' }),
    waiting: Type.Integer(),
    active: Type.Integer(),
    held: Type.Integer(),
    next_due: Type.Optional(Time),
    oldest: Time,
    ready: Type.Integer(),
    on_wire: Type.Integer(),
    site: Type.Optional(Type.String()),
    pool: Type.Optional(Type.String()),
    paths: Type.Optional(Type.Array(Facts)),
    reasons: Type.Array(Facts, { description: 'Why what is due waits.' }),
  },
  { title: 'OperatorQueue' },
)

const Reaction = Type.Object(
  {
    id: Type.String(),
    rule: Type.String(),
    source: Type.String(),
    site: Type.String(),
    from: Time,
    until: Time,
    again: Type.Integer({ description: 'How often it was set off since it began.' }),
    act: Facts,
    cause: Facts,
    place: Type.Unknown(),
    stream: Type.Optional(Type.Unknown()),
    campaign: Type.Optional(Type.Unknown()),
    slope: Type.Optional(Facts),
    counted: Type.Optional(Type.Object({ unknown: Type.Integer(), tried: Type.Integer() })),
  },
  { title: 'Reaction' },
)

const WarmUp = Type.Object(
  {
    source: Type.String(),
    provider: Type.String(),
    step: Type.Optional(Type.Integer({ description: 'From 1; absent: it is over.' })),
    steps: Type.Integer(),
    limit: Type.Optional(Type.Integer({ description: 'Messages today at most.' })),
    sent: Type.Integer(),
    answers: Type.Integer(),
    put_off: Type.Integer(),
    is_alarmed: Type.Boolean(),
    slowed: Type.Optional(Type.Object({ sign: Facts, at: Time })),
    until: Time,
  },
  { title: 'WarmUp' },
)

const Standing = Type.Object(
  {
    source: Type.String(),
    address: Type.String(),
    by: Type.String({ description: 'A block list, or ptr.' }),
    state: Type.Enum(['good', 'bad', 'unknown']),
    text: Type.String(),
    since: Time,
    checked_at: Time,
  },
  { title: 'Standing' },
)

const Measure = Type.Enum(['complained', 'refused', 'bounced', 'deferred'])

const Alert = Type.Object(
  {
    source: Type.String(),
    provider: Type.String(),
    measure: Measure,
    level: Type.Enum(['warn', 'bad']),
    most: Share,
    bad: Type.Integer(),
    of: Type.Integer(),
    since: Time,
  },
  { title: 'RateAlert' },
)

const Rate = Type.Object(
  {
    source: Type.String(),
    provider: Type.String(),
    delivered: Type.Integer(),
    deferred: Type.Integer(),
    bounced: Type.Integer(),
    returned: Type.Integer(),
    expired: Type.Integer(),
    complained: Type.Integer(),
    hard: Type.Integer(),
    refused: Type.Integer(),
    shares: Type.Record(Type.String(), Share, { description: 'Of complained, refused, bounced, deferred.' }),
    alerts: Type.Array(Alert),
  },
  { title: 'SourceRate', additionalProperties: Type.Unknown() },
)

const Source = Type.Object(
  {
    name: Type.String(),
    address: Type.Optional(Type.String({ description: 'Absent: the machine chooses.' })),
    ehlo: Type.String(),
    relay: Type.Array(Type.String()),
    pools: Type.Array(Type.Object({ pool: Type.String(), weight: Type.Integer() })),
    warm_ups: Type.Array(WarmUp),
    standings: Type.Array(Standing),
    rates: Type.Array(Rate),
    alerts: Type.Array(Alert),
  },
  { title: 'Source' },
)

export const operatorSendingRoutes: Routes = (app, parts) => {
  queueRoute(app, parts)
  reactionRoutes(app, parts)
  sourceRoutes(app, parts)
  warmUpRoutes(app, parts)
}

const queueRoute: Routes = (app, parts) => {
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/queues',
    operationId: 'operatorQueues',
    summary: 'The scheduled queues of all organizations, and why what is due in them waits',
    querystring: Type.Object(
      {
        match: Type.Optional(Line({ maxLength: 255, description: 'In the name of the queue or its site.' })),
        order: Type.Optional(Type.Enum(['size', 'name'])),
        after: Type.Optional(
          Line({ maxLength: 255, description: 'Only those that sort after it, by name.' }),
        ),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
      },
      CLOSED,
    ),
    answer: Type.Object({ data: Type.Array(Queue), queues: Type.Integer(), deliveries: Type.Integer() }),
    async act({ query: { limit = 100, ...query } }) {
      const { rows, queues, deliveries } = await parts.operations.queues({ ...query, limit })
      return { data: rows, queues, deliveries }
    },
  })
}

const DAY_SECONDS = 86_400

const reactionRoutes: Routes = (app, parts) => {
  const { operations } = parts
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/reactions',
    operationId: 'operatorReactions',
    summary: 'What replies have set off, and what has not ended; the latest first',
    answer: rowsOf(Reaction),
    act: async () => ({ data: await operations.reactions() }),
  })
  operatorRoute(app, parts, {
    method: 'DELETE',
    url: '/reactions/:id',
    operationId: 'operatorCancelReaction',
    summary: 'End a reaction before its time',
    params: Named,
    answer: Reaction,
    act: ({ params }) => operations.reactionCancel(params),
  })
  operatorRoute(app, parts, {
    method: 'POST',
    url: '/reactions/:id/extend',
    operationId: 'operatorExtendReaction',
    summary: 'Let a reaction end so many seconds later',
    params: Named,
    body: Type.Object({ seconds: Type.Integer({ minimum: 1, maximum: 366 * DAY_SECONDS }) }, CLOSED),
    answer: Reaction,
    act: ({ params: { id }, body: { seconds } }) => operations.reactionExtend({ id, by: seconds * 1000 }),
  })
}

const sourceRoutes: Routes = (app, parts) => {
  const { operations } = parts
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/sources',
    operationId: 'operatorSources',
    summary:
      'The addresses that mail leaves by: their pools, warm-up, standing, and the rates of the last day',
    answer: rowsOf(Source),
    act: async () => ({ data: await operations.sources() }),
  })
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/reputation',
    operationId: 'operatorReputation',
    summary: 'What block lists and PTR records say of our addresses, the worst first',
    answer: rowsOf(Standing),
    act: async () => ({ data: await operations.reputation() }),
  })
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/rates',
    operationId: 'operatorRates',
    summary: 'What became of mail, by source and group of receivers, and which shares are too high',
    querystring: Type.Object(
      { span: Type.Optional(Type.Enum(['hour', 'day', 'week'], { default: 'day' })) },
      CLOSED,
    ),
    answer: Type.Object({ span: Type.String(), from: Time, to: Time, rows: Type.Array(Rate) }),
    act: ({ query: { span = 'day' } }) => operations.rates({ span }),
  })
}

const warmUpRoutes: Routes = (app, parts) => {
  const { operations } = parts
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/warm-ups',
    operationId: 'operatorWarmUps',
    summary: 'Sources that are warmed up, by group of receivers',
    answer: rowsOf(WarmUp),
    act: async () => ({ data: await operations.warmUps() }),
  })
  operatorRoute(app, parts, {
    method: 'PUT',
    url: '/warm-ups/:source/:provider',
    operationId: 'operatorSetWarmUp',
    summary: 'Put a warm-up on another step, or end it',
    params: Type.Object({
      source: Line({ minLength: 1, maxLength: 255 }),
      provider: Line({ minLength: 1, maxLength: 255 }),
    }),
    body: Type.Object(
      {
        step: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Absent: it is over.' })),
      },
      CLOSED,
    ),
    answer: WarmUp,
    act: ({ params, body }) => operations.warmUpSet({ ...params, ...body }),
  })
}
