/** A rehearsal in English. */

import { countedIn } from './shaping-place.ts'
import type { RehearsalWords } from './rehearsal-wording.ts'

const SPANS = { second: 'a second', minute: 'a minute', hour: 'an hour', day: 'in 24 hours' } as const

export const ENGLISH_REHEARSAL: RehearsalWords = {
  columns: {
    to: 'TO',
    domains: 'DOMAINS',
    messages: 'MESSAGES',
    after: 'DONE AFTER',
    nearly: '95 % AFTER',
    pace: 'PACE',
    refused: 'REFUSED',
    putOff: 'PUT OFF',
    retries: 'RETRIES',
    expired: 'EXPIRED',
    bound: 'MOSTLY HELD BACK BY',
    by: 'HELD BACK BY',
    from: 'FROM',
    till: 'TILL',
    clock: 'AT',
  },
  head: ({ messages }, { length, end }) => `${many(messages, 'message')}: done after ${length}, at ${end}.`,
  outcome: ({ delivered, bounced, expired, deferrals, retries }) =>
    `${delivered} taken, ${bounced} refused, ${expired} expired; put off ${many(deferrals, 'time')}, retried ${many(retries, 'time')}.`,
  others: (parts, messages) =>
    `… and ${many(parts.length, 'more site')} with ${many(messages, 'message')}, done sooner (--json has them)`,
  way: (name, source, sent, sites) =>
    `${name} from ${source}: ${sent} taken${sites > 1 ? `, at ${sites} sites; what held back the largest` : ''}`,
  unused: 'nothing went this way',
  limit: ({ limit: { key, value, provider } }) => {
    const to = provider === undefined ? '' : ` to all of ${provider}`
    if (key === 'connections')
      return value === 1 ? `the one connection${to} in use` : `all ${value} connections${to} in use`
    const what = key.startsWith('connections') ? 'new connection' : 'message'
    return `${many(value, what)} ${SPANS[countedIn(key)]}${to}`
  },
  warmUp: ({ step, steps, most }) =>
    `warm-up, step ${step} of ${steps}: ${many(most, 'message')} on that day`,
  reaction: {
    suspended: (_, { length, times }) =>
      times === 1 ? `suspended for ${length}` : `suspended ${times} times, ${length} in all`,
    slowed: (_, { length, times }) =>
      times === 1 ? `slowed down for ${length}` : `slowed down ${times} times, ${length} in all`,
    'one-connection': (_, { length, times }) =>
      times === 1
        ? `one connection only for ${length}`
        : `one connection only ${times} times, ${length} in all`,
    paused: (_, { length, times }) =>
      times === 1
        ? `the stream paused for ${length}: too many unknown users`
        : `the stream paused ${times} times, ${length} in all: too many unknown users`,
  },
  other: {
    'refused-more': ({ connections }) =>
      `the receiver lets in no more than ${many(connections, 'connection')}`,
    down: ({ reply }) => `no connection: ${reply}`,
    node: () => 'the node has all the connections it may have (egress.connections)',
    retries: () => 'what is left waits for its next try',
    nothing: () => 'nothing: as fast as the receiver answers',
  },
  place: (place) => ` (${place})`,
  reply: (reply) => `: ${reply}`,
  span: ['d', 'h', 'm', 's'],
  perSecond: (n) => `${n}/s`,
  perMinute: (n) => `${n}/min`,
  perHour: (n) => `${n}/h`,
  perDay: (n) => `${n}/day`,
  assumptions: 'Assumed',
  assumed: (assumed, seed, tell) => [
    `a receiver takes ${tell(assumed.transaction)} for a message and ${tell(assumed.connecting)} for a connection (--transaction, --connecting)`,
    assumed.bears === 1
      ? `receivers bear what ${assumed.ownRules ? 'all rules say, yours too' : 'the rules that come with Hikyaku say, whatever yours say'} (--bears, --own-rules)`
      : `receivers bear ${percent(assumed.bears)} of what ${assumed.ownRules ? 'all rules, yours too,' : 'the rules that come with Hikyaku'} say (--bears, --own-rules)`,
    `${percent(assumed.unknown)} of the recipients do not exist (--unknown), ${percent(assumed.greylisting)} of those at receivers without rules are greylisted (--greylisting)`,
    `a message is tried for ${tell(assumed.expire)} (--expire)`,
    ...(assumed.strangers.length === 0
      ? []
      : [`receivers do not know ${assumed.strangers.join(', ')} yet (--new)`]),
    assumed.isContinued
      ? 'what the node has counted and what has set in there goes on (shaping.json)'
      : 'nothing was sent before',
    `chance by seed ${seed} (--seed)`,
  ],
}

function many(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`
}
