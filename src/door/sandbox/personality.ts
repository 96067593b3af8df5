/**
 * The receivers that the sandbox can play, as a table: which domains are theirs, what their host is called, and what
 * they say of recipients. What they bear is not here: that is in the shaping rules, from which `receiver.ts` takes it.
 */

export type Personality = {
  /** Also a label of other domains: `anything.gmail.test`. */
  readonly name: string
  /** As the shaping rules call it. */
  readonly provider: string
  readonly domains: readonly string[]
  /** Its MX, by which the rules know it. */
  readonly host: string
  /** In 127.0.1.0/24: a host of its own. */
  readonly address: string
  /** Which behaviour a local part has here, in the words of this receiver. */
  readonly words: { readonly [local: string]: string }
}

const plain = { unknown: 'bounce-me', full: 'full' } as const

export const PERSONALITIES: readonly Personality[] = [
  {
    name: 'gmail',
    provider: 'google',
    domains: ['gmail.com', 'googlemail.com'],
    host: 'gmail-smtp-in.l.google.com',
    address: '127.0.1.1',
    words: { unknown: 'gmail-unknown', full: 'full-for-now', filtered: 'gmail-unauthenticated' },
  },
  {
    name: 'outlook',
    provider: 'outlook',
    domains: ['outlook.com', 'hotmail.com', 'live.com', 'msn.com', 'outlook.jp', 'hotmail.co.jp', 'live.jp'],
    host: 'outlook-com.olc.protection.outlook.com',
    address: '127.0.1.2',
    words: { unknown: 'outlook-unknown', full: 'full', filtered: 'outlook-unauthenticated' },
  },
  {
    name: 'microsoft-365',
    provider: 'microsoft-365',
    domains: [],
    host: 'tenant.mail.protection.outlook.com',
    address: '127.0.1.3',
    words: { unknown: 'bounce-me', full: 'full', filtered: 'outlook-unauthenticated' },
  },
  {
    name: 'yahoo',
    provider: 'yahoo',
    domains: ['yahoo.com', 'aol.com', 'ymail.com'],
    host: 'mta5.am0.yahoodns.net',
    address: '127.0.1.4',
    words: { unknown: 'yahoo-unknown', full: 'full' },
  },
  {
    name: 'yahoo-japan',
    provider: 'yahoo-japan',
    domains: ['yahoo.co.jp', 'ybb.ne.jp'],
    host: 'mx1.mail.yahoo.co.jp',
    address: '127.0.1.5',
    words: { unknown: 'yahoo-jp-unknown', full: 'full' },
  },
  {
    name: 'icloud',
    provider: 'icloud',
    domains: ['icloud.com', 'me.com', 'mac.com'],
    host: 'mx01.mail.icloud.com',
    address: '127.0.1.6',
    words: plain,
  },
  {
    name: 'docomo',
    provider: 'docomo',
    domains: ['docomo.ne.jp'],
    host: 'mfsmax.docomo.ne.jp',
    address: '127.0.1.7',
    words: { unknown: 'docomo-unknown', full: 'docomo-full', filtered: 'docomo-filtered' },
  },
  {
    name: 'au',
    provider: 'au',
    domains: ['au.com', 'ezweb.ne.jp'],
    host: 'msmx.au.com',
    address: '127.0.1.8',
    words: { unknown: 'au-unknown', full: 'full', filtered: 'au-filtered' },
  },
  {
    name: 'softbank',
    provider: 'softbank',
    domains: ['softbank.ne.jp', 'i.softbank.jp', 'vodafone.ne.jp', 'ymobile.ne.jp'],
    host: 'mx.softbank.ne.jp',
    address: '127.0.1.9',
    words: { unknown: 'softbank-unknown', full: 'full' },
  },
  {
    name: 'rakuten',
    provider: 'rakuten',
    domains: ['rakuten.jp'],
    host: 'mx.rakuten.jp',
    address: '127.0.1.10',
    words: plain,
  },
  {
    name: 'jcom',
    provider: 'jcom',
    domains: ['jcom.home.ne.jp', 'jcom.zaq.ne.jp'],
    host: 'mx.jcom.zaq.ne.jp',
    address: '127.0.1.11',
    words: plain,
  },
]
