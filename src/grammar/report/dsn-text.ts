/** The part of a notification that people read, in Japanese and then in English: what happened to whom, and what to do. */

import { formatMailbox } from '#grammar/address'
import { formatDateTime } from '#grammar/time'

import { explainStatus } from './explain.ts'
import type { Words } from './explain.ts'
import { gravest, oneLine } from './notification.ts'
import type { Action, DsnFacts, DsnRecipient } from './notification.ts'

/** Recipients that are explained; the part for programs has them all. */
const EXPLAINED = 10

/** Characters of a reply that are quoted. */
const QUOTED = 500

export const SUBJECTS: { readonly [action in Action]: string } = {
  failed: 'メールを届けられませんでした / Your message could not be delivered',
  delayed: 'メールの配信が遅れています / Your message is delayed',
  delivered: 'メールを届けました / Your message was delivered',
  relayed: 'メールを相手のサーバーに渡しました / Your message was passed on',
  expanded: 'メールを配布先に送りました / Your message was sent on to several addresses',
}

type Language = {
  readonly opening: { readonly [action in Action]: string }
  /** Said of one recipient among others. */
  readonly result: { readonly [action in Action]: string }
  readonly original: (subject: string, at: string) => string
  readonly until: (at: string) => string
  readonly onward: { readonly [onward in NonNullable<DsnRecipient['onward']>]: string }
  readonly todo: (text: string) => string
  readonly reply: (host: string | undefined) => string
  readonly others: (count: number) => string
  readonly closing: (postmaster: string, host: string) => string
  readonly noSubject: string
}

const JAPANESE: Language = {
  opening: {
    failed: 'お送りになったメールを、次の宛先に届けられませんでした。この宛先にはもう再送しません。',
    delayed:
      'お送りになったメールは、次の宛先にまだ届いていません。自動で再送を続けていますので、\r\n送り直す必要はありません。',
    delivered: 'お送りになったメールを、次の宛先に届けました。',
    relayed: 'お送りになったメールを、次の宛先のサーバーに渡しました。',
    expanded: 'お送りになったメールを、次の宛先に登録されているアドレスに送りました。',
  },
  result: {
    failed: '届けられませんでした',
    delayed: '遅れています',
    delivered: '届けました',
    relayed: '相手のサーバーに渡しました',
    expanded: '登録されているアドレスに送りました',
  },
  original: (subject, at) => `件名: ${subject}\r\n受付: ${at}`,
  until: (at) => `再送の期限: ${at}`,
  onward: {
    'no-notices': '相手のサーバーは到着の通知に対応していないため、この先の通知はありません。',
    'no-deadline':
      '相手のサーバーは配信期限の指定に対応していないため、期限までに届くかどうかは、この先確認できません。',
    deadline: '相手のサーバーに、ご指定の配信期限を伝えました。',
  },
  todo: (text) => `対処: ${text}`,
  reply: (host) => (host === undefined ? '詳細:' : `相手のサーバー（${host}）の応答:`),
  others: (count) => `ほか ${count} 件の宛先は、添付の delivery-status をご覧ください。`,
  closing: (postmaster, host) =>
    `このお知らせは ${host} が自動で送っています。お問い合わせは ${postmaster} まで、\r\nこのメールを添えてお送りください。`,
  noSubject: '（なし）',
}

const ENGLISH: Language = {
  opening: {
    failed:
      'The message that you sent could not be delivered to the following recipients.\r\nIt will not be tried again.',
    delayed:
      'The message that you sent has not reached the following recipients yet.\r\nDelivery is still being tried: there is no need to send it again.',
    delivered: 'The message that you sent was delivered to the following recipients.',
    relayed: 'The message that you sent was passed on to the servers of the following recipients.',
    expanded: 'The message that you sent was sent on to the addresses behind the following.',
  },
  result: {
    failed: 'could not be delivered',
    delayed: 'delayed',
    delivered: 'delivered',
    relayed: 'passed on',
    expanded: 'sent on to several addresses',
  },
  original: (subject, at) => `Subject: ${subject}\r\nAccepted: ${at}`,
  until: (at) => `Tried until: ${at}`,
  onward: {
    'no-notices': 'That server does not report deliveries, so there will be no further notice.',
    'no-deadline':
      'That server does not know of time limits: whether it arrives within yours is not watched from here on.',
    deadline: 'That server was told of your time limit.',
  },
  todo: (text) => `What to do: ${text}`,
  reply: (host) => (host === undefined ? 'Details:' : `The server ${host} replied:`),
  others: (count) => `${count} more recipients are in the attached delivery-status.`,
  closing: (postmaster, host) =>
    `This notice was sent automatically by ${host}.\r\nQuestions go to ${postmaster}, together with this message.`,
  noSubject: '(none)',
}

/** UTF-8 text in CRLF lines. */
export function dsnText(facts: DsnFacts): string {
  const japanese = letter(facts, JAPANESE, (status) => explainStatus(status).ja)
  const english = letter(facts, ENGLISH, (status) => explainStatus(status).en)
  return `(English follows.)\r\n\r\n${japanese}\r\n${'-'.repeat(64)}\r\n\r\n${english}`
}

function letter(facts: DsnFacts, language: Language, explain: (status: string) => Words): string {
  const shown = facts.recipients.slice(0, EXPLAINED)
  const others = facts.recipients.length - shown.length
  const subject = oneLine(facts.subject ?? '', 200)
  const original = language.original(
    subject === '' ? language.noSubject : subject,
    shownTime(facts.arrivedAt, facts.offset),
  )
  const paragraphs = [
    language.opening[gravest(facts.recipients)],
    indent(original),
    ...shown.map((recipient) => paragraph(recipient, facts.offset, language, wordsFor(recipient, explain))),
    ...(others > 0 ? [language.others(others)] : []),
    language.closing(facts.postmaster, facts.reportingMta),
  ]
  return `${paragraphs.join('\r\n\r\n')}\r\n`
}

/** What was transient has failed for good when its time was up, and is not tried again whatever the status says. */
function wordsFor({ action, status }: DsnRecipient, explain: (status: string) => Words): Words {
  const { what, todo } = explain(status)
  return { what, todo: action === 'failed' && status.startsWith('4.') ? explain('4.4.7').todo : todo }
}

function paragraph(
  recipient: DsnRecipient,
  offset: number,
  language: Language,
  { what, todo }: Words,
): string {
  const { to, action, status, diagnostic, remoteMta, willRetryUntil, onward } = recipient
  const lines = [`* ${formatMailbox(to)}: ${language.result[action]}`]
  if (action === 'failed' || action === 'delayed') lines.push(indent(`${what} (${status})`))
  if (action === 'failed' && todo !== '') lines.push(indent(language.todo(todo)))
  if (action === 'delayed' && willRetryUntil !== undefined)
    lines.push(indent(language.until(shownTime(willRetryUntil, offset))))
  if (action === 'relayed' && onward !== undefined) lines.push(indent(language.onward[onward]))
  if (diagnostic !== undefined) {
    lines.push(indent(language.reply(remoteMta === undefined ? undefined : oneLine(remoteMta, 255))))
    lines.push(indent(indent(oneLine(diagnostic, QUOTED))))
  }
  return lines.join('\r\n')
}

function indent(text: string): string {
  return text
    .split('\r\n')
    .map((line) => `  ${line}`)
    .join('\r\n')
}

/** `2026-11-22 19:21 +0900`, read alike in both languages. */
function shownTime(at: number, offset: number): string {
  const local = new Date(at + offset * 60_000).toISOString()
  const zone = formatDateTime(at, offset).slice(-5)
  return `${local.slice(0, 10)} ${local.slice(11, 16)} ${zone}`
}
