/** The words for what happens, in the log of events and in what is counted. */

/** What happens to a delivery, in the order of its life. */
export const DELIVERY_EVENTS = [
  'accepted',
  'suppressed',
  'held',
  'released',
  'deferred',
  'delivered',
  'bounced',
  'expired',
  'cancelled',
  'opened',
  'clicked',
  'complained',
  'unsubscribed',
] as const

/** What happens to the node and to what is set up on it. */
export const OPERATION_EVENTS = [
  'reaction-started',
  'reaction-extended',
  'reaction-ended',
  'warm-up-step',
  'quota-near',
  'quota-reached',
  'domain-status',
  'alert-started',
  'alert-ended',
] as const

export const EVENT_KINDS = [...DELIVERY_EVENTS, ...OPERATION_EVENTS] as const

export type DeliveryEvent = (typeof DELIVERY_EVENTS)[number]
export type EventKind = (typeof EVENT_KINDS)[number]

/** Whose log has what concerns no organization alone, such as what a receiver's replies have set off. */
export const NO_ORGANIZATION = ''
