/** What a shaping rule can say, as data: the reader, the checks and the tables of docs/shaping.md are made from it. */

import {
  choice,
  domainPattern,
  duration,
  flag,
  list,
  optional,
  share,
  table,
  text,
  whole,
  written,
} from '#platform/config'
import type { Nodes, Parser, Values } from '#platform/config'

const TLS_POLICY = ['none', 'opportunistic', 'required', 'verified', 'dane'] as const

function most(is: string): ReturnType<typeof optional<number>> {
  return optional(whole({ min: 0, is: `${is} 0: no limit.` }))
}

function atLeastOne(is: string): ReturnType<typeof optional<number>> {
  return optional(whole({ min: 1, is }))
}

function time(is: string): ReturnType<typeof optional<number>> {
  return optional(duration({ is }))
}

const RATES = {
  messagesPerSecond: most('Transactions begun in any second.'),
  messagesPerMinute: most('Transactions begun in any minute.'),
  messagesPerHour: most('Transactions begun in any hour.'),
  messagesPerDay: most('Transactions begun in any 24 hours.'),
  connectionsPerSecond: most('Connections tried in any second.'),
  connectionsPerMinute: most('Connections tried in any minute.'),
  connectionsPerHour: most('Connections tried in any hour.'),
} as const satisfies Nodes

const TIMEOUTS = table('How long a host may take for each stage. As in `egress.timeouts`.', {
  connect: time('TCP connection.'),
  greeting: time('The 220.'),
  ehlo: time('The reply to EHLO.'),
  tls: time('The handshake, and the reply to STARTTLS.'),
  mail: time('The reply to MAIL.'),
  rcpt: time('The reply to RCPT.'),
  data: time('The reply to DATA.'),
  block: time('Each block of content.'),
  end: time('The reply to the end of the content.'),
  quit: time('The reply to QUIT.'),
})

const UNKNOWN_USERS = table(
  'The circuit breaker: when too many recipients of a stream are unknown, that stream is paused on the path.',
  {
    share: optional(share({ is: 'Share of unknown users at which it opens. 0: never.' })),
    count: atLeastOne('Unknown users before it may open.'),
    within: time('The time over which both are counted.'),
    pause: time('How long the stream is paused.'),
  },
)

/** What a section may say of a path. */
export const LIMITS = {
  connections: atLeastOne('Connections at a time.'),
  messagesPerConnection: atLeastOne('Transactions on one connection.'),
  recipientsPerConnection: most('RCPT commands on one connection.'),
  recipientsPerTransaction: atLeastOne('Recipients of one transaction.'),
  ...RATES,
  idle: time('How long an unused connection is kept open.'),
  tls: optional(
    choice(TLS_POLICY, {
      is: 'As `egress.tls`. Of what configuration, rules and the domain itself demand, the strongest holds; `none` where nobody demands any. Routes of the configuration keep their own.',
    }),
  ),
  timeouts: TIMEOUTS,
  unknownUsers: UNKNOWN_USERS,
} as const satisfies Nodes

/** What one source may do to all sites of a provider together. */
export const SHARED = table(
  'Over all sites of the provider together, from one source. What the path may do alone is limited as well.',
  { connections: most('Connections at a time.'), ...RATES },
)

export const STAGES = [
  'connect',
  'greeting',
  'EHLO',
  'tls',
  'AUTH',
  'MAIL',
  'RCPT',
  'DATA',
  'end of data',
] as const
export type Stage = (typeof STAGES)[number]

/** How a connection can fail without a reply. */
export const FAILURES = ['refused', 'reset', 'closed', 'timeout'] as const
export type Failure = (typeof FAILURES)[number]

export const ACTIONS = [
  'suspend',
  'slow',
  'one-connection',
  'reroute',
  'bounce',
  'suppress',
  'pause-stream',
  'hold-campaign',
  'none',
] as const
export type Action = (typeof ACTIONS)[number]

/** `421`, `"4xx"` or `"45x"`, as text. */
const code: Parser<string> = (raw) => {
  const said = typeof raw === 'number' ? String(raw) : raw
  return typeof said === 'string' && /^[45](?:\d\d|\dx|xx)$/.test(said)
    ? { ok: true, value: said }
    : { ok: false, expected: 'such as 421, "45x" or "4xx"' }
}

/** `5.1.1`, or `4.7.*` for all that begin so. */
const enhanced: Parser<string> = (raw) =>
  typeof raw === 'string' && /^[45]\.(?:\*|\d{1,3}\.(?:\*|\d{1,3}))$/.test(raw)
    ? { ok: true, value: raw }
    : { ok: false, expected: 'such as "5.1.1", "4.7.*" or "4.*"' }

const words: Parser<string> = (raw) =>
  typeof raw === 'string' && raw.length <= 200 && /[^*\s]/.test(raw) && !/\p{Cc}/u.test(raw)
    ? { ok: true, value: raw }
    : { ok: false, expected: 'words of a reply, 200 characters at most' }

const line: Parser<string> = (raw) =>
  typeof raw === 'string' && raw.length <= 2000 && raw !== '' && !/[^\P{Cc}\n]/u.test(raw)
    ? { ok: true, value: raw }
    : { ok: false, expected: 'text' }

function oneOf<const T extends string>(of: readonly T[]): Parser<T> {
  return (raw) => {
    const found = of.find((one) => one === raw)
    return found === undefined
      ? { ok: false, expected: `one of ${of.map((one) => JSON.stringify(one)).join(', ')}` }
      : { ok: true, value: found }
  }
}

export const REACTION = {
  stage: optional(list('stages', oneOf(STAGES), { is: 'Where the reply came. Absent: at any stage.' })),
  code: optional(list('codes', code, { example: [421, '45x'], is: 'Basic codes of the reply.' })),
  enhanced: optional(list('codes', enhanced, { example: ['4.7.*'], is: 'Enhanced codes of the reply.' })),
  text: optional(
    list('texts', words, {
      example: ['[TSS04]', 'try * later'],
      is: 'Words of the reply, in upper or lower case; `*` stands for anything between them. One of the list is enough.',
    }),
  ),
  failure: optional(
    list('failures', oneOf(FAILURES), {
      is: 'There was no reply: the connection was `refused`, `reset`, `closed`, or nothing came in time (`timeout`).',
    }),
  ),
  times: atLeastOne('How many matches it takes, within `within`. Absent: one.'),
  within: time('The time over which `times` counts.'),
  do: choice(ACTIONS, {
    is: '`suspend`: nothing is sent on the path. `slow`: fewer messages, rising again. `one-connection`: no more than one at a time. `reroute`: the path is suspended, the source `to` takes its share, if it is in the pool of the stream. `bounce`: the delivery has failed for good. `suppress`: the recipient is put on the suppression list. `pause-stream`: the stream of the delivery is paused on the path. `hold-campaign`: the campaign of the delivery, or what of its stream belongs to none, is held wherever it would go. `none`: nothing, and no later reaction is looked for.',
  }),
  for: time('How long it lasts. Needed by all but `bounce`, `suppress` and `none`.'),
  to: optional(text({ is: 'For `reroute`: the source that takes over.' })),
  share: optional(
    share({ is: 'For `slow`: what is left of the rate of the last minute, at first. Absent: 0.5.' }),
  ),
  perMinute: atLeastOne('For `slow`: messages a minute at first, in place of `share`.'),
  delivery: optional(
    choice(['defer', 'bounce'] as const, {
      is: 'What becomes of the delivery whose reply matched, in place of what its code says.',
    }),
  ),
  samples: optional(
    list('replies', line, {
      example: ['RCPT: 421 4.7.0 Try again later'],
      is: 'Replies that it must match, before any other reaction; checked. The stage may stand before the reply.',
    }),
  ),
  counterSamples: optional(list('replies', line, { is: 'Replies that it must not match; checked.' })),
} as const satisfies Nodes

/** Said of every section and every reaction. */
export const ABOUT = {
  basis: optional(list('texts', line, { is: 'Where it is known from: addresses of pages, or `"guess"`.' })),
  note: optional(text({ is: 'For people.' })),
} as const satisfies Nodes

export const ENABLED = {
  enabled: optional(
    flag({ is: '`false` switches off what a file of the product declares under this name.' }),
  ),
} as const satisfies Nodes

export const PROVIDER = {
  hosts: optional(
    list('host patterns', domainPattern, {
      example: ['*.google.com', 'mx.example.net'],
      is: 'It is this provider when every MX host of the domain matches one of them.',
    }),
  ),
  domains: optional(
    list('domain patterns', domainPattern, {
      example: ['example.com', '*.example.com'],
      is: 'Recipient domains that are its own, wherever their MX points.',
    }),
  ),
} as const satisfies Nodes

export type LimitValues = Values<typeof LIMITS>
export type SharedValues = Values<(typeof SHARED)['keys']>
export type ReactionValues = Values<typeof REACTION>

/** Every key of limits as it is written, in the order in which people read them. */
export const LIMIT_KEYS: readonly string[] = keysIn({ ...LIMITS, shared: SHARED }, '')

function keysIn(nodes: Nodes, before: string): string[] {
  return Object.entries(nodes).flatMap(([name, node]) => {
    const key = before + written(name)
    return node.node === 'key' ? [key] : keysIn(node.keys, `${key}.`)
  })
}
