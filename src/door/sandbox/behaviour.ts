/** How the sandbox misbehaves, as a table that the page and the documents list: by the recipient's local part. */

export type Stage = 'rcpt' | 'data' | 'content' | 'end'

/** `<a>` in a text becomes the recipient, `[ip]` the client's address in brackets. Lines are the reply's lines. */
export type Refusal = {
  readonly code: number
  readonly enhanced?: string
  readonly lines: readonly [string, ...string[]]
}

export type Does =
  | { readonly kind: 'refuse'; readonly with: Refusal }
  /** As many tries as the number in the address says, then it takes the message. */
  | { readonly kind: 'refuse first'; readonly with: Refusal }
  /** Until the sandbox's greylisting delay has passed since the first try. */
  | { readonly kind: 'refuse for a while'; readonly with: Refusal }
  /** The reply, then the end of the connection. RFC 5321 §3.8 */
  | { readonly kind: 'close'; readonly with: Refusal }
  /** No reply, and a RST rather than a FIN. */
  | { readonly kind: 'reset' }
  /** This reply and all later ones come late: the number in the address, in seconds, or the sandbox's delay. */
  | { readonly kind: 'slow' }
  /** It says 250 and forgets the message. */
  | { readonly kind: 'swallow' }

export type Behaviour = {
  /** The local part; `+anything` may follow it, and a number stands where `N` does. */
  readonly name: string
  readonly at: Stage
  readonly does: Does
  readonly en: string
  readonly ja: string
  /** Where the text was seen, when it is a real receiver's. */
  readonly receiver?: string
}

function text(code: number, enhanced: string, ...lines: [string, ...string[]]): Refusal {
  return { code, enhanced, lines }
}

/** As some receivers write it: without an enhanced code. */
function bare(code: number, ...lines: [string, ...string[]]): Refusal {
  return { code, lines }
}

const refuse = (said: Refusal): Does => ({ kind: 'refuse', with: said })
const close = (said: Refusal): Does => ({ kind: 'close', with: said })

const later = text(451, '4.3.0', 'Try again later')

const PLAIN: readonly Behaviour[] = [
  { name: 'defer-me', at: 'rcpt', does: refuse(later), en: 'Always put off', ja: '常に一時拒否' },
  {
    name: 'defer-N',
    at: 'rcpt',
    does: { kind: 'refuse first', with: later },
    en: 'Put off N times, then taken',
    ja: 'N回一時拒否した後に受理',
  },
  {
    name: 'greylist',
    at: 'rcpt',
    does: {
      kind: 'refuse for a while',
      with: text(450, '4.2.0', '<a>: Recipient address rejected: Greylisted'),
    },
    en: 'Put off until some seconds have passed, then taken',
    ja: '数秒間は一時拒否し、その後受理（グレイリスト）',
  },
  {
    name: 'bounce-me',
    at: 'rcpt',
    does: refuse(text(550, '5.1.1', '<a>: Recipient address rejected: User unknown')),
    en: 'No such user',
    ja: '宛先不明',
  },
  {
    name: 'full',
    at: 'rcpt',
    does: refuse(text(552, '5.2.2', 'Mailbox full')),
    en: 'Mailbox full',
    ja: '容量超過',
  },
  {
    name: 'full-for-now',
    at: 'rcpt',
    does: refuse(text(452, '4.2.2', 'Mailbox full')),
    en: 'Mailbox full, may be tried again',
    ja: '容量超過（再試行可）',
  },
  {
    name: 'moved',
    at: 'rcpt',
    does: refuse(text(551, '5.1.6', 'User has moved')),
    en: 'The user has moved',
    ja: '移転済み',
  },
  {
    name: 'blocked',
    at: 'rcpt',
    does: refuse(text(550, '5.7.1', 'Client host [ip] blocked using a list of ours')),
    en: 'The client is on a block list',
    ja: '送信元がブロックリストに掲載',
  },
  {
    name: 'relay-denied',
    at: 'rcpt',
    does: refuse(text(554, '5.7.1', '<a>: Relay access denied')),
    en: 'Not a domain of this host',
    ja: '中継拒否',
  },
  {
    name: 'busy',
    at: 'rcpt',
    does: close(text(421, '4.3.2', 'Service not available, closing channel')),
    en: '421, and the connection ends',
    ja: '421を返して切断',
  },
  { name: 'reset', at: 'rcpt', does: { kind: 'reset' }, en: 'Connection reset', ja: '接続リセット' },
  { name: 'tarpit', at: 'rcpt', does: { kind: 'slow' }, en: 'Every reply comes late', ja: '応答が遅い' },
  {
    name: 'tarpit-N',
    at: 'rcpt',
    does: { kind: 'slow' },
    en: 'Every reply comes N seconds late',
    ja: '応答がN秒遅れる',
  },
  {
    name: 'defer-data',
    at: 'data',
    does: refuse(text(451, '4.3.0', 'Cannot take content now')),
    en: 'Put off at DATA',
    ja: 'DATAで一時拒否',
  },
  {
    name: 'drop-in-data',
    at: 'content',
    does: { kind: 'reset' },
    en: 'Connection reset when the content begins',
    ja: '本文の受信中に切断',
  },
  {
    name: 'drop-after-dot',
    at: 'end',
    does: { kind: 'reset' },
    en: 'Connection reset after the content, without a reply',
    ja: '本文受信後、応答せずに切断',
  },
  {
    name: 'defer-content',
    at: 'end',
    does: refuse(text(451, '4.7.1', 'Content is being examined, try again later')),
    en: 'Put off after the content',
    ja: '本文受信後に一時拒否',
  },
  {
    name: 'reject-content',
    at: 'end',
    does: refuse(text(554, '5.6.0', 'Message content rejected')),
    en: 'Refused after the content',
    ja: '本文受信後に拒否',
  },
  {
    name: 'silent-drop',
    at: 'end',
    does: { kind: 'swallow' },
    en: '250, and the message is forgotten',
    ja: '250を返して破棄',
  },
  {
    name: 'markup',
    at: 'rcpt',
    does: refuse(text(550, '5.7.1', '<script>alert(1)</script><b>bold</b> &amp; \u001B[31mred')),
    en: 'A reply with markup and control characters in it',
    ja: 'タグや制御文字を含む応答',
  },
  {
    name: 'many-lines',
    at: 'rcpt',
    does: refuse(text(550, '5.7.1', 'This reply', 'has three lines,', 'each with a code')),
    en: 'A reply of three lines',
    ja: '3行の応答',
  },
]

const RECEIVERS: readonly Behaviour[] = [
  {
    name: 'rate-limited',
    at: 'rcpt',
    does: refuse(
      text(
        450,
        '4.2.1',
        'The user you are trying to contact is receiving mail at a rate that',
        'prevents additional messages from being delivered.',
      ),
    ),
    en: 'One user gets too much mail',
    ja: '受信者への流量制限',
    receiver: 'Gmail',
  },
  {
    name: 'gmail-rate',
    at: 'end',
    does: close(
      text(
        421,
        '4.7.28',
        '[ip] Our system has detected an unusual rate of',
        'unsolicited mail originating from your IP address. To protect our',
        'users from spam, mail sent from your IP address has been temporarily',
        'rate limited.',
      ),
    ),
    en: 'Too much from this address',
    ja: '送信元IPの流量制限',
    receiver: 'Gmail',
  },
  {
    name: 'gmail-unknown',
    at: 'rcpt',
    does: refuse(
      text(
        550,
        '5.1.1',
        'The email account that you tried to reach does not exist. Please try',
        "double-checking the recipient's email address for typos or unnecessary spaces.",
      ),
    ),
    en: 'No such user',
    ja: '宛先不明',
    receiver: 'Gmail',
  },
  {
    name: 'gmail-unauthenticated',
    at: 'end',
    does: refuse(text(550, '5.7.26', 'This mail has been blocked because the sender is unauthenticated.')),
    en: 'Neither SPF nor DKIM passed',
    ja: '送信ドメイン認証なし',
    receiver: 'Gmail',
  },
  {
    name: 'yahoo-tss04',
    at: 'rcpt',
    does: close(
      text(
        421,
        '4.7.0',
        '[TSS04] Messages from [ip] temporarily deferred due to unexpected volume or user complaints',
      ),
    ),
    en: 'Volume or complaints',
    ja: '流量または苦情による一時拒否',
    receiver: 'Yahoo',
  },
  {
    name: 'yahoo-unknown',
    at: 'rcpt',
    does: refuse(bare(554, "delivery error: dd This user doesn't have a yahoo.com account <a> [0]")),
    en: 'No such user',
    ja: '宛先不明',
    receiver: 'Yahoo',
  },
  {
    name: 'outlook-unknown',
    at: 'rcpt',
    does: refuse(text(550, '5.5.0', 'Requested action not taken: mailbox unavailable.')),
    en: 'No such user',
    ja: '宛先不明',
    receiver: 'Outlook.com',
  },
  {
    name: 'outlook-busy',
    at: 'rcpt',
    does: refuse(text(451, '4.7.500', 'Server busy. Please try again later from [ip].')),
    en: 'Slow down',
    ja: '流量制限',
    receiver: 'Outlook.com',
  },
  {
    name: 'outlook-unauthenticated',
    at: 'end',
    does: refuse(
      text(550, '5.7.515', "Access denied, sending domain doesn't meet the required authentication level."),
    ),
    en: 'SPF, DKIM or DMARC missing',
    ja: '送信ドメイン認証の不足',
    receiver: 'Outlook.com',
  },
  {
    name: 'docomo-unknown',
    at: 'rcpt',
    does: refuse(bare(550, 'Unknown user')),
    en: 'No such user',
    ja: '宛先不明',
    receiver: 'docomo',
  },
  {
    name: 'docomo-filtered',
    at: 'end',
    does: refuse(bare(550, 'Unknown user')),
    en: 'The same words after the content: the user filters',
    ja: '本文受信後の同文: 受信者のフィルター',
    receiver: 'docomo',
  },
  {
    name: 'docomo-full',
    at: 'rcpt',
    does: refuse(bare(552, 'Too much mail data')),
    en: 'Mailbox full',
    ja: '容量超過',
    receiver: 'docomo',
  },
  {
    name: 'au-unknown',
    at: 'rcpt',
    does: refuse(bare(550, '<a>: User unknown')),
    en: 'No such user',
    ja: '宛先不明',
    receiver: 'au',
  },
  {
    name: 'au-filtered',
    at: 'end',
    does: refuse(bare(550, ': User unknown')),
    en: 'After the content, without the address: the user filters',
    ja: '本文受信後、アドレスなし: 受信者のフィルター',
    receiver: 'au',
  },
  {
    name: 'au-reset',
    at: 'content',
    does: { kind: 'reset' },
    en: 'Congestion: a TCP reset and no words',
    ja: '混雑時のTCPリセット',
    receiver: 'au',
  },
  {
    name: 'softbank-unknown',
    at: 'rcpt',
    does: refuse(bare(550, 'Invalid recipient: <a>')),
    en: 'No such user',
    ja: '宛先不明',
    receiver: 'SoftBank',
  },
  {
    name: 'yahoo-jp-unknown',
    at: 'rcpt',
    does: refuse(bare(554, "delivery error: dd This user doesn't have a yahoo.co.jp account")),
    en: 'No such user',
    ja: '宛先不明',
    receiver: 'Yahoo! JAPAN',
  },
  {
    name: 'yahoo-jp-blocked',
    at: 'rcpt',
    does: refuse(bare(553, 'VS98-IP0')),
    en: 'The address is blocked for half a day or more',
    ja: '送信元IPの規制',
    receiver: 'Yahoo! JAPAN',
  },
  {
    name: 'jcom-rate',
    at: 'rcpt',
    does: close(bare(421, '#4.x.2 Too many messages for this session')),
    en: 'Too many messages in one connection',
    ja: '1接続あたりの通数制限',
    receiver: 'J:COM',
  },
]

export const BEHAVIOURS: readonly Behaviour[] = [...PLAIN, ...RECEIVERS]

const byName: ReadonlyMap<string, Behaviour> = new Map(BEHAVIOURS.map((one) => [one.name, one]))

export type Chosen = { readonly behaviour: Behaviour; readonly number?: number }

/** What a receiver calls its own behaviours, by local part. */
export type Words = { readonly [local: string]: string }

/** What the local part asks for; `undefined` is a recipient like any other. */
export function chooseBehaviour(local: string, words: Words = {}): Chosen | undefined {
  const plus = local.indexOf('+')
  const name = (plus < 0 ? local : local.slice(0, plus)).toLowerCase()
  const exact = byName.get(words[name] ?? name)
  if (exact !== undefined) return { behaviour: exact }
  const [, stem, digits] = /^([a-z-]{1,20}-)(\d{1,4})$/.exec(name) ?? []
  const numbered = stem === undefined ? undefined : byName.get(`${stem}N`)
  return numbered && { behaviour: numbered, number: Number(digits) }
}
