/** How any receiver may misbehave, as a table: by the recipient's local part. */

import { close, refuse, text } from './behaviour.ts'
import type { Behaviour } from './behaviour.ts'

const later = text(451, '4.3.0', 'Try again later')

export const PLAIN: readonly Behaviour[] = [
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
