/** Whether a delivery in memory is among those an operator means: the same question the store answers in SQL. */

import type { Claimed, DeliveryFilter } from '#engine/spool'
import { formatMailbox } from '#grammar/address'

export function matches(filter: DeliveryFilter, claimed: Claimed): boolean {
  return isNamed(filter, claimed) && isOf(filter, claimed) && isInState(filter)
}

function isNamed(filter: DeliveryFilter, { message, delivery }: Claimed): boolean {
  return (
    same(filter.message, delivery.key.message) &&
    same(filter.n, delivery.key.n) &&
    (filter.sender === undefined ||
      (message.from !== null && formatMailbox(message.from) === filter.sender)) &&
    (filter.recipient === undefined || isRecipient(filter.recipient, delivery.to))
  )
}

function isOf(filter: DeliveryFilter, { message, delivery }: Claimed): boolean {
  return (
    same(filter.queue, delivery.queue) &&
    same(filter.stream, message.stream) &&
    same(filter.organization, message.organization) &&
    same(filter.campaign, message.campaign) &&
    (filter.said === undefined || delivery.lastReply?.startsWith(filter.said) === true)
  )
}

function isInState({ states }: DeliveryFilter): boolean {
  return states === undefined || states.includes('waiting') || states.includes('active')
}

function same<T>(wanted: T | undefined, is: T): boolean {
  return wanted === undefined || wanted === is
}

function isRecipient(wanted: string, to: { readonly local: string; readonly domain: string }): boolean {
  return wanted.startsWith('@') ? to.domain === wanted.slice(1).toLowerCase() : formatMailbox(to) === wanted
}
