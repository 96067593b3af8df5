/** What an operator can do about an attempt that came to nothing before any mail was offered: not about the mail. */

import type { Attempt } from '#engine/spool'

export type Remedy = 'login' | 'tls' | 'address' | 'route'

/** `undefined`: nothing here is known to help. */
export function remedyOf(last: Attempt | undefined): Remedy | undefined {
  if (last === undefined || last.outcome === 'delivered') return undefined
  if (last.stage === 'AUTH') return 'login'
  if (last.stage === 'tls') return 'tls'
  if (last.stage === 'route') return 'route'
  return last.stage === 'connect' && last.text.includes(UNBOUND) ? 'address' : undefined
}

/** As `engine/egress` says it. */
const UNBOUND = 'it is no address of this machine'

/** One after the other, without those that say nothing. */
export function sentences(...all: readonly string[]): string {
  return all.filter((one) => one !== '').join(' ')
}
