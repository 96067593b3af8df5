/** What is granted to sessions of an MX listener, where anybody may come. */

import type { Identity } from '#grammar/smtp'
import type { LimitsConfig } from '#platform/config'

/** Whoever comes to such a listener: a session needs somebody, and nothing is granted for it. */
export const STRANGER: Identity = { organization: '', stream: '' }

/** RFC 5321 §4.5.3.1.8 asks for 100 recipients; a report is the message it returns, and rarely that. */
const MOST = { recipients: 100, size: 10 * 1024 * 1024 } as const

/** Octets of contents in memory, over all sessions with strangers. */
const HELD = 64 * 1024 * 1024

export function strangersLimits(limits: LimitsConfig): LimitsConfig {
  const size = Math.min(limits.size, MOST.size)
  return { ...limits, size, recipients: Math.min(limits.recipients, MOST.recipients) }
}

/** What contents of strangers take of the memory now. */
export class Held {
  #octets = 0

  /** False, and nothing taken, when it would be too much. */
  take(octets: number): boolean {
    if (this.#octets + octets > HELD) return false
    this.#octets += octets
    return true
  }

  give(octets: number): void {
    this.#octets -= octets
  }
}
