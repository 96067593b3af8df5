/** `npm run crash`: crashes a node under load in many ways, and counts every message. The last line says how it went. */

import { parseArgs } from 'node:util'

import type { CrashOptions } from './crashing.ts'
import { killRounds } from './kill.ts'
import { PowerDisk, powerLosses } from './power.ts'
import { failingSync, hasStrace, killAtSync, noSpace } from './syscalls.ts'
import type { Reckoning } from './syscalls.ts'
import type { StoreKind } from './store.ts'

const USAGE = `npm run crash -- [options]

  --rounds <n>       kill -9 at random points, n times (default 20, when no other fault is asked for)
  --fsync <n>        kill at the 1st, 2nd … n-th fsync, each on a new data directory, and in the recovery (strace)
  --disk             fsync that fails with EIO, writes that find no space (strace)
  --power <n>        power loss on an ext4 of its own, n times (root)
  --rate <n>         messages a second that come in, or "max" (default 400)
  --sessions <n>     clients (default 20)
  --connections <n>  connections out (default 20)
  --store <which>    "sqlite" (default), or "postgres": a server of the run's own, which is not killed
  --json             the last line as JSON

Exit codes: 0 nothing was lost, 1 something was, 64 wrong usage, 69 a fault cannot be made on this machine.
`

/**
 * Postfix took 220 to 370 messages a second when its 1.9 duplicates a kill were measured; how many outcomes are on
 * their way to the disk at any moment goes with the rate.
 */
const RATE = '400'

type Total = { rounds: number; acked: number; lost: number; duplicates: number; maxDuplicatesPerKill: number }

class Report {
  readonly total: Total = { rounds: 0, acked: 0, lost: 0, duplicates: 0, maxDuplicatesPerKill: 0 }
  /** What was wrong, and what could not be tried. */
  readonly wrong: string[] = []
  readonly untried: string[] = []

  add(
    what: string,
    crashes: number,
    { acked, lost, duplicates, maxDuplicatesPerKill, violations }: Reckoning,
  ): void {
    const { total } = this
    total.rounds += crashes
    total.acked += acked
    total.lost += lost.length
    total.duplicates += duplicates
    total.maxDuplicatesPerKill = Math.max(total.maxDuplicatesPerKill, maxDuplicatesPerKill)
    for (const id of lost) this.wrong.push(`${what}: ${id} was acknowledged, and is lost`)
    for (const violation of violations) this.wrong.push(`${what}: ${violation}`)
    say(`${what}: ${acked} acknowledged, ${lost.length} lost, ${duplicates} duplicates`)
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      fsync: { type: 'string', default: '0' },
      power: { type: 'string', default: '0' },
      disk: { type: 'boolean', default: false },
      rate: { type: 'string', default: RATE },
      sessions: { type: 'string', default: '20' },
      connections: { type: 'string', default: '20' },
      store: { type: 'string', default: 'sqlite' },
      json: { type: 'boolean', default: false },
    },
  })
  const isOther = values.disk || values.fsync !== '0' || values.power !== '0'
  const rounds = count('rounds', values.rounds ?? (isOther ? '0' : '20'))
  const options: CrashOptions = {
    sessions: count('sessions', values.sessions),
    connections: count('connections', values.connections),
    store: storeKind(values.store),
    rate: values.rate === 'max' ? Number.POSITIVE_INFINITY : count('rate', values.rate),
  }
  const report = new Report()
  if (rounds > 0) await kills(report, rounds, options)
  await syscalls(report, count('fsync', values.fsync), values.disk, options)
  await power(report, count('power', values.power), options)
  for (const line of [...report.wrong, ...report.untried]) say(line)
  console.log(values.json ? JSON.stringify(report.total) : words(report.total))
  if (report.wrong.length > 0) return 1
  return report.untried.length > 0 ? 69 : 0
}

function storeKind(text: string): StoreKind {
  if (text !== 'sqlite' && text !== 'postgres') throw new RangeError(`--store ${text} is none`)
  return text
}

function count(name: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0) throw new RangeError(`--${name} ${text} is not a number`)
  return number
}

async function kills(report: Report, rounds: number, options: CrashOptions): Promise<void> {
  const reckoning = await killRounds({ ...options, rounds, after: [500, 2_500], progress: say })
  report.add('kill -9', rounds, reckoning)
}

async function syscalls(report: Report, upTo: number, disk: boolean, options: CrashOptions): Promise<void> {
  if (upTo === 0 && !disk) return
  if (!hasStrace) {
    report.untried.push('strace is not on this machine, or may not trace: no fault of the disk was tried')
    return
  }
  for (let nth = 1; nth <= upTo; nth += 1)
    report.add(`kill at fsync ${nth}`, 2, await killAtSync(nth, options))
  if (!disk) return
  const failing = await failingSync(30, options)
  report.add('EIO on fsync', 2, failing)
  if (failing.code !== 74 || failing.complaint === '')
    report.wrong.push(`EIO on fsync: the node ended with ${failing.code}, saying "${failing.complaint}"`)
  const full = await noSpace(options)
  report.add('no space', 1, full)
  if (full.refused === 0) report.wrong.push('no space: nothing was refused')
}

async function power(report: Report, rounds: number, options: CrashOptions): Promise<void> {
  if (rounds === 0) return
  using disk = PowerDisk.make()
  if (disk === undefined) report.untried.push('power loss: an ext4 in a file cannot be made and mounted here')
  else report.add('power loss', rounds, await powerLosses(disk, rounds, options, say))
}

function words({ rounds, acked, lost, duplicates, maxDuplicatesPerKill }: Total): string {
  const each = rounds === 0 ? '0' : (duplicates / rounds).toFixed(1)
  return `${rounds} crashes, ${acked} messages acknowledged, ${lost} lost, ${duplicates} came twice: ${each} a crash, at most ${maxDuplicatesPerKill}`
}

try {
  process.exitCode = await main()
} catch (error) {
  const isUsage = error instanceof RangeError || (error instanceof TypeError && 'code' in error)
  if (!isUsage) throw error
  say(`${error.message}\n\n${USAGE}`)
  process.exitCode = 64
}
