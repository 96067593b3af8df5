/** Whether the time of day is right: signatures, certificates and retries go by it. */

import type { Dns } from '#platform/dns'
import { lookUpAddresses } from '#product/verification'
import type { Finding } from '#product/verification'

import type { Machine } from './machine.ts'

/** This program did not exist before: a machine without a battery begins at 1970. */
const EARLIEST = Date.UTC(2026, 0, 1)

/** Milliseconds. HTTP tells whole seconds, and the answer was under way. */
const OFF = { warning: 5_000, problem: 60_000 } as const

/** With the HTTP of `probe` the clock is compared; without, only who keeps it can be told. */
export async function checkClock(machine: Machine, dns: Dns, probe: string | undefined): Promise<Finding> {
  if (machine.now() < EARLIEST)
    return {
      level: 'problem',
      check: 'clock',
      text: `it says ${new Date(machine.now()).toISOString()}`,
      advice: ADVICE,
    }
  const compared = probe === undefined ? undefined : await compare(machine, dns, probe)
  return compared ?? kept(machine)
}

const ADVICE = 'let systemd-timesyncd or chrony set it'

async function compare(machine: Machine, dns: Dns, probe: string): Promise<Finding | undefined> {
  const found = await lookUpAddresses(dns, probe)
  const [address] = found.kind === 'found' ? found.records : []
  const seen = address === undefined ? undefined : await machine.httpDate(address, probe)
  if (seen === undefined) return undefined
  const off = seen.ours - seen.theirs
  const text = `${Math.round(Math.abs(off) / 1_000)} s ${off < 0 ? 'behind' : 'ahead of'} the HTTP of ${probe}`
  if (Math.abs(off) >= OFF.problem) return { level: 'problem', check: 'clock', text, advice: ADVICE }
  if (Math.abs(off) >= OFF.warning) return { level: 'warning', check: 'clock', text, advice: ADVICE }
  return { level: 'ok', check: 'clock', text }
}

async function kept(machine: Machine): Promise<Finding> {
  const keeper = await machine.timekeeper()
  if (keeper?.synchronized === true)
    return { level: 'ok', check: 'clock', text: `${keeper.name} says that it is synchronized` }
  const seen = keeper === undefined ? 'nothing that sets it is seen here' : `${keeper.name} runs`
  return {
    level: 'skipped',
    check: 'clock',
    text: `${seen}; whether it is right cannot be told from here`,
    advice: `${keeper === undefined ? `${ADVICE}; in a container the host does. ` : ''}--probe compares it with a web server`,
  }
}
