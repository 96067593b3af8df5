/** What an operator's changes do to a delivery, on every engine. */

import type { DeliveryState } from './message.ts'
import type { Change } from './spool.ts'

export type Effect = {
  /** Deliveries in other states are left alone. */
  readonly from: readonly DeliveryState[]
  readonly to: DeliveryState
  /** Only those that wait for a later time, which becomes now. */
  readonly dueNow: boolean
  /** The reason given replaces the last reply; otherwise that stays, since it still explains the wait. */
  readonly explained: boolean
}

export const EFFECTS: { readonly [K in Change]: Effect } = {
  hold: { from: ['waiting', 'active'], to: 'held', dueNow: false, explained: true },
  release: { from: ['held'], to: 'waiting', dueNow: false, explained: false },
  cancel: { from: ['waiting', 'active', 'held'], to: 'cancelled', dueNow: false, explained: true },
  retry: { from: ['waiting'], to: 'waiting', dueNow: true, explained: false },
}

/** Deliveries that one change takes at most, so that no call holds the store or the memory for long. */
export const CHANGE_LIMIT = 1000
