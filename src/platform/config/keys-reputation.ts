/** The keys for what is thought of our addresses: block lists, and rates that are too high, with who says so. */

import { duration, hosts, share, whole } from './kinds.ts'
import { table } from './schema.ts'

const GMAIL =
  'Gmail asks senders to stay below 0.1 % and never to reach 0.3 % (https://support.google.com/mail/answer/81126); Yahoo asks for less than 0.3 % (https://senders.yahooinc.com/best-practices/).'
const SES =
  'Amazon SES looks at senders beyond 5 % and may stop them beyond 10 % (https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html).'
const GUESS = 'No receiver publishes a limit: a guess.'

const RATES = table(
  'Which shares of a source’s mail to a group of receivers, within a day, are too high. Each is an event and a metric; beyond a `bad` one of complaints and refusals a warm-up goes back. 1: never.',
  {
    minimum: whole({
      default: 50,
      min: 2,
      is: 'With fewer messages in a day no rate is judged; and one complaint or refusal alone never is.',
    }),
    complainedWarn: share({ default: 0.001, is: `Complaints, of what was delivered. ${GMAIL}` }),
    complainedBad: share({ default: 0.003, is: 'See `complained_warn`.' }),
    refusedWarn: share({
      default: 0.01,
      is: `Messages bounced at once or later because of what is thought of the source: the classes \`reputation\`, \`spam\` and \`reverse-dns\`. ${GUESS}`,
    }),
    refusedBad: share({ default: 0.03, is: 'See `refused_warn`.' }),
    bouncedWarn: share({
      default: 0.05,
      is: `Messages that bounced hard, at once or later: addresses that will never take mail. ${SES}`,
    }),
    bouncedBad: share({ default: 0.1, is: 'See `bounced_warn`.' }),
    deferredWarn: share({
      default: 0.25,
      is: `Attempts that a receiver put off, without greylisting and without what is its own trouble or the recipient’s. ${GUESS}`,
    }),
    deferredBad: share({ default: 0.5, is: 'See `deferred_warn`.' }),
  },
)

export const REPUTATION = table(
  'What strangers think of the addresses that mail is sent from. See docs/sources.md.',
  {
    every: duration({
      default: '1h',
      is: 'How often block lists and PTR records are asked. A change is a line of the log, and a metric.',
    }),
    blocklists: hosts({
      default: ['zen.spamhaus.org', 'bl.spamcop.net', 'psbl.surriel.com'],
      is: 'Zones of DNS block lists (RFC 5782). Many answer resolvers of one’s own only. Empty: none is asked.',
    }),
    ratesEvery: duration({ default: '1m', is: 'How often rates are looked at.' }),
    rates: RATES,
  },
)
