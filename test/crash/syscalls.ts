/** System calls that kill, fail or find no space, by strace: a crash at every commit, and disks that lie. */

import { spawnSync } from 'node:child_process'

import { CrashRun } from './crashing.ts'
import type { CrashOptions } from './crashing.ts'

export type Reckoning = Awaited<ReturnType<CrashRun['reckon']>>

export const hasStrace = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0

/** Runs the node with `inject` of strace(1) in force. `-D`: the process that is started is the node, not the tracer. */
function injecting(calls: string, what: string): readonly string[] {
  return [
    'strace',
    '-D',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${calls}:${what}`,
  ]
}

/** Which fsync of a node that starts on files of a dead one is its last, in a double fault. */
const IN_RECOVERY = 2

/**
 * KILL at the `nth` fsync of whichever thread first makes so many: from the first file that is created to the middle of
 * a load. Then once more, early in the recovery from it.
 */
export async function killAtSync(nth: number, options: CrashOptions): Promise<Reckoning> {
  await using run = await CrashRun.begin(options)
  for (const when of [nth, IN_RECOVERY]) {
    await crashing(run, injecting('fsync,fdatasync', `signal=KILL:when=${when}`))
  }
  await run.start()
  await run.acked(20)
  return await run.reckon()
}

/** Every fsync from the `from`th on fails with EIO. The node must die by itself, loudly; gives its exit code too. */
export async function failingSync(
  from: number,
  options: CrashOptions,
): Promise<Reckoning & { readonly code: number | null; readonly complaint: string }> {
  await using run = await CrashRun.begin(options)
  // A start without faults first: files are there, and what fails is a commit.
  await run.start()
  await run.acked(50)
  await run.killed()
  const { code, complaint } = await crashing(run, injecting('fsync,fdatasync', `error=EIO:when=${from}+`))
  await run.start()
  await run.acked(20)
  return { ...(await run.reckon()), code, complaint }
}

/** Writes find no space for a while: refusals, and no death. Gives how many were refused. */
export async function noSpace(options: CrashOptions): Promise<Reckoning & { readonly refused: number }> {
  await using run = await CrashRun.begin(options)
  await run.start(injecting('pwrite64', 'error=ENOSPC:when=400..404'))
  await run.acked(3_000, 20_000)
  await run.killed()
  await run.start()
  await run.acked(20)
  const refused = run.load.count('refused')
  return { ...(await run.reckon()), refused }
}

type Death = { readonly code: number | null; readonly complaint: string }

/** Under load until the fault has ended the node, at its start or later. A fault that never strikes is a kill. */
async function crashing(run: CrashRun, tracer: readonly string[]): Promise<Death> {
  try {
    await run.start(tracer)
  } catch {
    // It died before it listened, which is a crash like any other.
    run.kills.push(Date.now())
    return { code: null, complaint: '' }
  }
  const { node } = run
  const patience = AbortSignal.timeout(PATIENCE)
  const { promise: tooLong, resolve } = Promise.withResolvers<'too long'>()
  patience.addEventListener('abort', () => resolve('too long'))
  const ended = await Promise.race([node.ended, tooLong])
  if (ended === 'too long') await run.killed()
  else await run.killed('by itself')
  return { code: ended === 'too long' ? null : ended.code, complaint: node.complaint() }
}

/** How long a node under a tracer may take to come to the fault, in ms. */
const PATIENCE = 20_000
