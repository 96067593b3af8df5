/** The keys for what organizations send: streams, and domains. */

import { choice, duration, flag, host, optional, text, whole } from './kinds.ts'
import { named, table } from './schema.ts'
import type { Written } from './schema.ts'

/** As they are written: `kind = "marketing"`. */
function defaultsOfStream(written: Written, name: string): Written {
  const kind = written['kind'] ?? (name === 'marketing' ? 'marketing' : 'transactional')
  return kind === 'marketing' ? { kind, list_unsubscribe: 'both' } : {}
}

export const STREAMS = named(
  'How streams of mail share what a receiver bears.',
  {
    weight: whole({
      default: 1,
      min: 1,
      max: 1000,
      is: 'Its share of a path beside other streams that have mail for it. Streams that are not named have 1.',
    }),
    pool: text({
      default: 'default',
      example: 'newsletters',
      is: 'The pool of `egress.pools` whose sources alone take its mail.',
    }),
    listUnsubscribe: choice(['none', 'mail', 'one-click', 'both'], {
      default: 'none',
      is: 'Whether mail that says nothing of it is given a List-Unsubscribe field (RFC 2369), which suppresses the recipient in this stream. `mail` names an address of this node: it takes `queue.return_path_domain` and a listener of the kind `mx`. `one-click` names a page, and lets mail programs unsubscribe without it (RFC 8058): it takes `[tracking]`. `both`: whichever of them there is. Streams of the kind `marketing` have `both` unless it is said otherwise.',
    }),
    kind: choice(['transactional', 'marketing'], {
      default: 'transactional',
      is: 'What it carries: `transactional` mail, which somebody waits for, or `marketing`, which many get. The stream `marketing` is of that kind unless it is said otherwise. A marketing stream has `list_unsubscribe = "both"` unless that is said otherwise too.',
    }),
    retention: optional(
      duration({
        example: '90d',
        is: 'How long the records of its messages are kept; absent: `retention.deliveries`.',
      }),
    ),
    trackOpens: flag({
      default: false,
      is: 'Whether HTML gets a picture that tells when it is fetched. A message may say otherwise. Takes `[tracking]`.',
    }),
    trackClicks: flag({
      default: false,
      is: 'Whether links of HTML lead by this node, which tells and leads on. A message may say otherwise. Takes `[tracking]`.',
    }),
  },
  { transactional: { weight: 9 }, marketing: { weight: 1 } },
  defaultsOfStream,
)

export const DOMAINS = table('The domains that organizations send from.', {
  spfInclude: optional(
    host({
      example: 'spf.example.net',
      is: 'The name of an SPF record of yours that has all addresses mail leaves by: domains are then asked to publish `include:` it instead of `a:` and `node.name`, and follow by themselves when addresses change.',
    }),
  ),
  checkEvery: duration({
    default: '6h',
    min: 60_000,
    is: 'How often the DNS of a domain is looked at that has all it needs; others are looked at sooner, those that were just added every two minutes.',
  }),
})
