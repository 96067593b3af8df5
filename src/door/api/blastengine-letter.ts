/** From Blastengine's words to a message of ours, and from what became of one to theirs. */

import type { Static } from 'typebox'

import type { Attempt, MessageView } from '#engine/spool'
import { formatPath } from '#grammar/address'
import { toInteger } from '#grammar/message-id'
import type { BulkDelivery } from '#product/bulk-delivery'

import type { BulkBegin, Transaction } from './blastengine-schema.ts'
import { isSubject, replacer } from './placeholder.ts'
import type { WholeRequest } from './composition.ts'
import type { MessageRequest } from './message-schema.ts'
import { invalidAt } from './problem.ts'
import { isoTime } from './text.ts'

export type BlastengineFile = { readonly name: string; readonly type: string; readonly content: Buffer }

/** @throws {Problem} `invalid` */
export function requestOf(transaction: Transaction, files: readonly BlastengineFile[]): WholeRequest {
  const { from, reply_to: replyTo, to, cc, bcc, encode, text_part: text, html_part: html } = transaction
  const replaced = replacer(new Map((transaction.insert_code ?? []).map(({ key, value }) => [key, value])))
  const subject = replaced(transaction.subject)
  if (!isSubject(subject)) throw invalidAt('#/insert_code', 'the subject would no longer be one line')
  return {
    from,
    to,
    cc: cc ?? [],
    bcc: bcc ?? [],
    reply_to: replyTo === undefined ? [] : [replyTo],
    subject,
    headers: unsubscribe(transaction),
    attachments: files.map(({ name, type, content }) => ({
      name,
      type,
      content: content.toString('base64'),
    })),
    charset: encode === 'ISO-2022-JP' ? 'iso-2022-jp' : 'utf-8',
    // Their libraries say an empty text where there is none.
    ...(text !== undefined && text !== '' && { text: replaced(text) }),
    ...(html !== undefined && html !== '' && { html: replaced(html) }),
  }
}

/** RFC 2369 §3.2 */
function unsubscribe({ list_unsubscribe: list }: Transaction): NonNullable<MessageRequest['headers']> {
  const uris = [list?.mailto, list?.url].filter((uri) => uri !== undefined)
  return uris.length === 0 ? {} : { 'List-Unsubscribe': uris.map((uri) => `<${uri}>`).join(', ') }
}

/** Texts and names are gone with the content, and are empty here. */
export function deliveryShown({ message, deliveries }: MessageView): object {
  const { counts, over } = sumOf(deliveries)
  return {
    delivery_id: toInteger(message.id),
    from: { email: formatPath(message.from), name: '' },
    delivery_type: 'TRANSACTION',
    status: statusOf(over !== undefined, counts.sent_count),
    subject: message.subject ?? '',
    text_part: '',
    html_part: '',
    attaches: [],
    total_count: deliveries.length,
    ...counts,
    delivery_time: over === undefined ? null : isoTime(over),
    reservation_time: null,
    created_time: isoTime(message.acceptedAt),
    updated_time: isoTime(over ?? message.acceptedAt),
  }
}

/** `views`: what became of its messages, as far as that is still known. */
export function bulkShown(bulk: BulkDelivery, views: readonly MessageView[], now: number): object {
  const { counts, over } = sumOf(views.flatMap(({ deliveries }) => deliveries))
  const content = JSON.parse(bulk.content) as Static<typeof BulkBegin>
  const refused = bulk.recipients.filter((one) => one.refused !== undefined).length
  return {
    delivery_id: bulk.id,
    from: { email: content.from.email, name: content.from.name ?? '' },
    delivery_type: 'BULK',
    status: bulkStatus(bulk, over !== undefined, now),
    subject: content.subject,
    text_part: content.text_part ?? '',
    html_part: content.html_part ?? '',
    attaches: [],
    total_count: bulk.recipients.length,
    ...counts,
    drop_count: counts.drop_count + refused,
    delivery_time: bulk.state === 'sent' ? isoTime(bulk.due ?? bulk.updatedAt) : null,
    reservation_time: bulk.due === undefined ? null : isoTime(bulk.due),
    created_time: isoTime(bulk.createdAt),
    updated_time: isoTime(bulk.updatedAt),
  }
}

function bulkStatus({ state, due }: BulkDelivery, isOver: boolean, now: number): string {
  if (state === 'edit') return 'EDIT'
  if (state === 'sent' && isOver) return 'SENT'
  return due !== undefined && due > now ? 'RESERVE' : 'SENDING'
}

type Sum = { readonly counts: Readonly<Record<CountName, number>>; readonly over: number | undefined }
type CountName = 'sent_count' | 'drop_count' | 'hard_error_count' | 'soft_error_count' | 'open_count'

/** `over`: when the last of all ended; not while any goes on. */
function sumOf(deliveries: MessageView['deliveries']): Sum {
  const fates = deliveries.map(({ delivery, attempts }) => fateOf(delivery.state, attempts.at(-1)))
  const count = (fate: Fate): number => fates.filter((one) => one === fate).length
  const ends = deliveries.flatMap(({ delivery }) => delivery.endedAt ?? [])
  return {
    counts: {
      sent_count: count('sent'),
      drop_count: count('drop'),
      hard_error_count: count('hard'),
      soft_error_count: count('soft'),
      open_count: 0,
    },
    over: ends.length === deliveries.length ? Math.max(0, ...ends) : undefined,
  }
}

type Fate = 'going' | 'sent' | 'drop' | 'hard' | 'soft'

function fateOf(state: MessageView['deliveries'][number]['delivery']['state'], last?: Attempt): Fate {
  switch (state) {
    case 'delivered':
      return 'sent'
    case 'cancelled':
      return 'drop'
    case 'expired':
      return 'soft'
    case 'bounced':
      return last?.bounce?.type === 'soft' ? 'soft' : 'hard'
    case 'waiting':
    case 'active':
    case 'held':
      return 'going'
  }
}

function statusOf(isOver: boolean, sent: number): string {
  if (!isOver) return 'SENDING'
  return sent > 0 ? 'SENT' : 'FAILED'
}
