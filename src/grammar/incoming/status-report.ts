/** Delivery status notifications that came in: their recipients, one by one. RFC 3464, RFC 6522, RFC 6533 */

import { value } from './entity.ts'
import type { Fields } from './entity.ts'
import type { Named } from './named-recipients.ts'
import type { Action } from '#grammar/report'
import { quotedReply } from './reply-text.ts'
import type { ReplyStage } from './reply-text.ts'
import { addressOf, hostOf, readStatusFields } from './status-fields.ts'

/** What a report says of one recipient. */
export type Reported = {
  /** As in the report; a name without a domain where it gives no more. */
  readonly recipient: string
  /** As the sender wrote it, when that is another. */
  readonly originalRecipient?: string
  readonly action: Action
  /** RFC 3463, of the report; empty when it has none. */
  readonly status: string
  /** Of the reply that is quoted; 0 when none is. */
  readonly code: number
  /** Of the reply that is quoted; empty when it has none. */
  readonly enhanced: string
  readonly stage?: ReplyStage
  /** The host that spoke; empty when it is not told. */
  readonly remoteMta: string
  /** The reply, or the words nearest to one. */
  readonly diagnostic: string
  /** Further words about it, the nearest first. */
  readonly more: readonly string[]
}

/** What a notice in plain words adds to a report. */
export type Notice = { readonly text: string; readonly named: readonly Named[] }

export function statusReport(text: string, notice: Notice): readonly Reported[] {
  const reports = new Map<string, Reported>()
  for (const [n, group] of readStatusFields(text).groups.entries()) {
    const reported = reportedOf(group, wordsFor(group, notice, n))
    // Aliases that loop are reported over and over.
    const key = `${reported.action} ${reported.recipient.toLowerCase()}`
    if (reported.recipient !== '' && !reports.has(key)) reports.set(key, reported)
  }
  return [...reports.values()]
}

type Words = { readonly address: string; readonly words: readonly string[] }

/** What the notice says of the recipient of a group; else its n-th. */
function wordsFor(group: Fields, { text, named }: Notice, n: number): Words {
  const names = NAMES.map((name) => addressOf(value(group, name)).toLowerCase()).filter((name) => name !== '')
  const block = named.find(({ address }) => names.includes(address.toLowerCase())) ?? named[n]
  return { address: block?.address ?? '', words: block === undefined ? [text] : [block.words, text] }
}

const NAMES = ['final-recipient', 'original-recipient', 'x-actual-recipient']

function reportedOf(group: Fields, { address, words }: Words): Reported {
  const final = addressOf(value(group, 'final-recipient'))
  const original = addressOf(value(group, 'original-recipient'))
  const actual = addressOf(value(group, 'x-actual-recipient'))
  // `@host:user@x` is a route through the other system, of no use here.
  const recipient = [final, original, actual, address].find((name) => name.indexOf('@') > 0)
  const said = diagnosticOf(group)
  const quoted = quotedReply(said)
  const told = quotedReply(words[0] ?? '')
  const stage = quoted.stage ?? told.stage
  const status = /[245]\.\d{1,3}\.\d{1,3}/.exec(value(group, 'status'))?.[0] ?? ''
  return {
    recipient: recipient ?? (final === '' ? original : final),
    ...(original === '' || original === recipient ? {} : { originalRecipient: original }),
    action: actionOf(value(group, 'action'), status),
    status,
    code: quoted.code,
    enhanced: quoted.enhanced,
    ...(stage === undefined ? {} : { stage }),
    remoteMta: hostOf(value(group, 'remote-mta')),
    diagnostic: said,
    more: words,
  }
}

/** Of the fields that quote a reply, the one that says most. Exchange keeps the reply in one of its own. */
function diagnosticOf(group: Fields): string {
  const supplementary = value(group, 'x-supplementary-info').replace(/^<|>$/g, '')
  const said = (group.get('diagnostic-code') ?? [])
    .map((text) => withoutHost(text.replace(/^\s*[\w-]{1,20}\s*;\s*/, '')))
    .join(' ')
  const comment = /\((.{3,300})\)\s*$/.exec(value(group, 'status'))?.[1] ?? ''
  const action = /\((.{3,300})\)\s*$/.exec(value(group, 'action'))?.[1] ?? ''
  const quoted = [said, supplementary].filter((text) => text !== '').join(' ')
  // What the reporting system makes of the reply says less than the reply.
  return quoted === '' ? [comment, action].filter((text) => text !== '').join(' ') : quoted
}

/** What Postfix writes before the reply: names of hosts have words in them that mean nothing. */
function withoutHost(text: string): string {
  return text.replace(/^host \S{1,300} said: /, '')
}

/** RFC 3464 §2.3.3, and what is written instead. */
function actionOf(text: string, status: string): Action {
  const word = /^[a-z]+/.exec(text.trim().toLowerCase())?.[0] ?? ''
  switch (word) {
    case 'delayed':
    case 'deferred':
    case 'delay':
      return 'delayed'
    case 'delivered':
    case 'relayed':
    case 'expanded':
      return word
    case '':
      return status.startsWith('2') ? 'delivered' : 'failed'
    default:
      return 'failed'
  }
}
