/** What a look into the DNS found of each record that a domain is to have, and what that makes of the domain. Pure. */

import type { DnsRecord } from './dns-record.ts'
import type { Health } from './domain.ts'

/** `unknown`: the DNS gave no answer, which says nothing about the record. */
export type Status = 'ok' | 'missing' | 'wrong' | 'unknown'

export type RecordStatus = Pick<DnsRecord, 'name' | 'type' | 'purpose' | 'by' | 'required'> & {
  readonly status: Status
  /** What is there instead: text of strangers, quoted, a few of them. */
  readonly found?: readonly string[]
  /** In words. */
  readonly why?: string
}

/** One look at all records of a domain. */
export type Look = {
  readonly statuses: readonly RecordStatus[]
  /** All texts at the name that shows ownership; absent when the DNS gave no answer. */
  readonly ownership?: readonly string[]
}

export type Fitness = { readonly health: Health; readonly failures: number }

/** Looks in a row that it takes to call a domain broken that was good: one may meet a name server in the middle of a change. */
const CONFIRMED = 2

/** The health after a look. What the DNS did not answer changes nothing, nor does what the operator has to publish. */
export function fitnessAfter(before: Fitness, { statuses }: Look): Fitness {
  const needed = statuses.filter(
    ({ required, by, purpose }) => required && by === 'owner' && purpose !== 'ownership',
  )
  if (needed.some(({ status }) => status === 'missing' || status === 'wrong')) return failing(before)
  if (needed.some(({ status }) => status === 'unknown')) return before
  return { health: 'good', failures: 0 }
}

function failing({ health, failures }: Fitness): Fitness {
  switch (health) {
    case 'unchecked':
    case 'incomplete':
      return { health: 'incomplete', failures: failures + 1 }
    case 'good':
      return { health: failures + 1 < CONFIRMED ? 'good' : 'broken', failures: failures + 1 }
    case 'broken':
      return { health, failures: failures + 1 }
  }
}

/** The name that mail may come back to after a look: used only while the DNS says that it leads to us. */
export function returnPathAfter(before: string | null, { statuses }: Look): string | null {
  const found = statuses.find(({ purpose, type }) => purpose === 'return-path' && type === 'CNAME')
  if (found?.status === 'unknown') return before
  return found?.status === 'ok' ? found.name : null
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export type Timing = Fitness & { readonly createdAt: number; readonly isVerified: boolean }

/** Of a domain that is verified and has all it needs, in ms; others are looked at sooner. */
export type CheckOptions = { readonly every: number; readonly random: () => number }

/** Milliseconds until the next look, spread so that domains added together are not looked at together for ever. */
export function untilNext(timing: Timing, now: number, { every, random }: CheckOptions): number {
  return Math.round(interval(timing, now, every) * (0.8 + 0.4 * random()))
}

/** Who has just published something waits for it; who never does is not asked after for ever. */
function interval({ isVerified, health, failures, createdAt }: Timing, now: number, every: number): number {
  const age = now - createdAt
  if (isVerified && health === 'good' && failures === 0) return every
  if (isVerified && failures > 0 && failures <= CONFIRMED) return Math.min(every, 5 * MINUTE)
  const patience = age < HOUR ? 2 * MINUTE : age < DAY ? 15 * MINUTE : age < 30 * DAY ? 2 * HOUR : DAY
  return isVerified ? Math.min(every, patience) : patience
}
