/** What a filter means, without a database. */

import { toInteger } from '#grammar/message-id'

import type { ClaimedRow } from './engine.ts'
import type { Message } from './message.ts'
import type { Selected } from './selection.ts'

export function selects(filter: Selected, row: ClaimedRow): boolean {
  const [id, , organization, stream, sender, , detail, n, recipient, queue, , due, state, , , said] = row
  const { campaign } = JSON.parse(detail) as Pick<Message, 'campaign'>
  const wanted: readonly [unknown, unknown][] = [
    [filter.message && toInteger(filter.message), id],
    [filter.n, n],
    [filter.queue, queue],
    [filter.stream, stream],
    [filter.organization, organization],
    [filter.campaign, campaign],
  ]
  return (
    wanted.every(([want, have]) => want === undefined || want === have) &&
    (filter.states === undefined || filter.states.some((one) => one === state)) &&
    (filter.said === undefined || said?.startsWith(filter.said) === true) &&
    (filter.dueAfter === undefined || due > filter.dueAfter) &&
    isAddress(filter.recipient, recipient) &&
    isAddress(filter.sender === '<>' ? '' : filter.sender, sender)
  )
}

function isAddress(wanted: string | undefined, address: string): boolean {
  if (wanted === undefined) return true
  return wanted.startsWith('@') ? address.endsWith(wanted.toLowerCase()) : address === wanted
}
