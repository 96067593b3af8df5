/**
 * The receivers that are known, as a table: which domains are theirs, what their host is called, and what they say of
 * recipients. What they bear is not here: that is in the shaping rules, from which `receiver.ts` takes it.
 */

import type { Words } from './choose.ts'

export type Personality = {
  /** Also a label of other domains: `anything.gmail.test`. */
  readonly name: string
  /** As the shaping rules call it; absent: they know nothing of it. */
  readonly provider?: string
  readonly domains: readonly string[]
  /** Its MX, by which the rules know it. */
  readonly host: string
  /** In 127.0.1.0/24: a host of its own. */
  readonly address: string
  /** Which behaviour a local part has here, in the words of this receiver. */
  readonly words: Words
  /** The host of a static route, of which rules for everybody do not speak. */
  readonly isOwn?: true
}

const plain = { unknown: 'bounce-me', full: 'full' } as const

/** Any other host: a receiver like all, which says what everybody says. */
export function stranger(host: string): Personality {
  return { name: host, domains: [], host, address: '', words: plain }
}

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
    words: { unknown: 'microsoft-365-unknown', full: 'full', filtered: 'outlook-unauthenticated' },
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
    words: { unknown: 'icloud-unknown', full: 'full-for-now' },
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
    words: { unknown: 'jcom-unknown', full: 'full' },
  },
  {
    name: 'qq',
    provider: 'qq',
    domains: ['qq.com', 'foxmail.com'],
    host: 'mx1.qq.com',
    address: '127.0.1.12',
    words: { unknown: 'qq-unknown', full: 'full' },
  },
  {
    name: 'netease',
    provider: 'netease',
    domains: ['163.com', '126.com', 'yeah.net'],
    host: 'mx01.mxmail.netease.com',
    address: '127.0.1.13',
    words: { unknown: 'netease-unknown', full: 'full', filtered: 'netease-filtered' },
  },
  {
    name: 'mail-ru',
    provider: 'mail-ru',
    domains: ['mail.ru', 'inbox.ru', 'list.ru', 'bk.ru'],
    host: 'mxs.mail.ru',
    address: '127.0.1.14',
    words: { unknown: 'mail-ru-unknown', full: 'full', filtered: 'mail-ru-filtered' },
  },
  {
    name: 'comcast',
    provider: 'comcast',
    domains: ['comcast.net'],
    host: 'mx1h1.comcast.net',
    address: '127.0.1.15',
    words: { unknown: 'comcast-unknown', full: 'full' },
  },
  {
    name: 'orange-france',
    provider: 'orange-france',
    domains: ['orange.fr', 'wanadoo.fr'],
    host: 'smtp-in.orange.fr',
    address: '127.0.1.16',
    words: { unknown: 'orange-unknown', full: 'full' },
  },
  {
    name: 'united-internet',
    provider: 'united-internet',
    domains: ['gmx.net', 'gmx.de', 'web.de', 'mail.com'],
    host: 'mx00.gmx.net',
    address: '127.0.1.17',
    words: { unknown: 'gmx-unknown', full: 'full' },
  },
  {
    name: 'kpn',
    provider: 'kpn',
    domains: ['kpnmail.nl', 'planet.nl', 'hetnet.nl'],
    host: 'mx.kpnmail.nl',
    address: '127.0.1.18',
    words: plain,
  },
  // Filters of companies: their customers have domains of their own.
  {
    name: 'proofpoint',
    provider: 'proofpoint',
    domains: [],
    host: 'mxa-00000001.gslb.pphosted.com',
    address: '127.0.1.19',
    words: { unknown: 'proofpoint-unknown', full: 'full' },
  },
  {
    name: 'mimecast',
    provider: 'mimecast',
    domains: [],
    host: 'eu-smtp-inbound-1.mimecast.com',
    address: '127.0.1.20',
    words: { unknown: 'mimecast-unknown', full: 'full' },
  },
  {
    name: 'barracuda',
    provider: 'barracuda',
    domains: [],
    host: 'd1.ess.barracudanetworks.com',
    address: '127.0.1.21',
    words: { unknown: 'barracuda-unknown', full: 'full' },
  },
  {
    name: 'cisco-cloud',
    provider: 'cisco-cloud',
    domains: [],
    host: 'mx1.hc1-1.iphmx.com',
    address: '127.0.1.22',
    words: plain,
  },
  {
    name: 'trend-micro',
    provider: 'trend-micro',
    domains: [],
    host: 'in.hes.trendmicro.co.jp',
    address: '127.0.1.23',
    words: plain,
  },
]
