/**
 * Programs as groups: what a program and all that it starts spend, and their end. A cgroup counts exactly, also what
 * children did that are gone; without one (no root, no Linux cgroup v2) /proc is read instead.
 */

import { spawn } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Where cgroup v2 is mounted: alone, or beside v1. */
const MOUNTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'] as const

/** The unit of times in /proc/PID/stat: USER_HZ, 100 on every Linux that Node runs on. */
const MILLISECONDS_PER_TICK = 10

export type Program = {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** The default passes nothing on. */
  readonly stdio?: StdioOptions
}

export type ProcessGroup = AsyncDisposable & {
  readonly child: ChildProcess
  readonly pid: number
  /** Resolves when the program itself has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** Milliseconds of CPU, user and system, of everything the program has been since it started. */
  cpu(): number
  /** All processes that live. */
  pids(): readonly number[]
  /** What `look` finds, which is called until it finds something. @throws when the program ends, or after 20 s */
  seen<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T>
}

/** Ends what lives, now: for when this process ends without having come to it. */
const living = new Set<() => void>()

const cgroups = MOUNTS.find((mount) => existsSync(join(mount, 'cgroup.controllers')))
let count = 0

/** Whether CPU is read from a cgroup here. */
export const COUNTED_BY: 'cgroup' | 'proc' = isWritable() ? 'cgroup' : 'proc'

/** Starts a program in a process group of its own, which a Ctrl-C at the terminal does not reach. */
export function startGroup({ name, command, args, env, stdio = 'ignore' }: Program): ProcessGroup {
  count += 1
  const cgroup =
    COUNTED_BY === 'cgroup' ? makeCgroup(`hikyaku-bench-${process.pid}-${count}-${name}`) : undefined
  // The shell enters the cgroup before it becomes the program, so that nothing is spent outside.
  const [program, all] =
    cgroup === undefined
      ? [command, args]
      : ['/bin/sh', ['-c', 'echo $$ >"$0" && exec "$@"', join(cgroup, 'cgroup.procs'), command, ...args]]
  const child = spawn(program, all, { detached: true, stdio, ...(env === undefined ? {} : { env }) })
  const ended = new Promise<Awaited<ProcessGroup['ended']>>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  // Whoever waits for it is told; nobody need.
  ended.catch(() => undefined)
  const pid = child.pid
  if (pid === undefined) throw new Error(`cannot run ${command}`)
  const pids = (): readonly number[] => (cgroup === undefined ? treeOf(pid) : membersOf(cgroup))
  const kill = (): void => {
    killAll(pid, pids())
    if (cgroup !== undefined) removeNow(cgroup)
  }
  endWithThisProcess(kill)
  return {
    child,
    pid,
    ended,
    cpu: () => (cgroup === undefined ? cpuOfTree(pid) : cpuOfCgroup(cgroup)),
    pids,
    seen: async (look) => {
      for (let left = 400; left > 0; left -= 1) {
        const found = await look()
        if (found !== undefined) return found
        const over = await Promise.race([ended, sleep(50)])
        if (over !== undefined) throw new Error(`${command} ended with ${over.signal ?? over.code}`)
      }
      throw new Error(`${command} does not start`)
    },
    async [Symbol.asyncDispose]() {
      await endAll(pid, pids)
      living.delete(kill)
      if (cgroup !== undefined) await removeCgroup(cgroup)
    },
  }
}

function endWithThisProcess(kill: () => void): void {
  if (count === 1)
    process.once('exit', () => {
      for (const each of living) each()
    })
  living.add(kill)
}

/** Microseconds of CPU of the threads of a process that live, those of one name added up. */
export function threadsOf(pid: number): ReadonlyMap<string, number> {
  const threads = new Map<string, number>()
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    const name = readOr(`/proc/${pid}/task/${id}/comm`, '').trim()
    // The first field of schedstat is the time on a core, in ns.
    const cpu = Number(readOr(`/proc/${pid}/task/${id}/schedstat`, '0').split(' ')[0]) / 1000
    threads.set(name, (threads.get(name) ?? 0) + cpu)
  }
  return threads
}

/** The memory that the processes have touched at most so far, in MiB; what they share is counted for each. */
export function highWater(pids: readonly number[]): number {
  return sumMiB(pids, (pid) => kibibytes(readProc(pid, 'status'), 'VmHWM:'))
}

/** The memory of the processes now, in MiB, what they share divided among them. */
export function proportional(pids: readonly number[]): number {
  return sumMiB(pids, (pid) => kibibytes(readProc(pid, 'smaps_rollup'), 'Pss:'))
}

/** Milliseconds that all cores have been busy since the machine started; `undefined` where /proc does not say. */
export function machineBusy(): number | undefined {
  const line = readOr('/proc/stat', '').split('\n', 1)[0] ?? ''
  const [user, nice, system, , , irq, softirq, steal] = line.split(/ +/).slice(1).map(Number)
  if (steal === undefined) return undefined
  return (
    [user, nice, system, irq, softirq, steal].reduce<number>((sum, n) => sum + (n ?? 0), 0) *
    MILLISECONDS_PER_TICK
  )
}

/** Share of the cores that other programs may take of a machine that is called quiet. */
const QUIET = 0.1

/** Waits until the machine has been idle for a second, up to `patience` seconds: figures beside other work mean little. */
export async function quiet(patience: number): Promise<void> {
  for (let left = patience; left > 0; left -= 1) {
    const before = machineBusy()
    await sleep(1000)
    const busy = machineBusy()
    if (busy === undefined || before === undefined || busy - before < QUIET * 1000 * availableParallelism())
      return
  }
}

function sumMiB(pids: readonly number[], kib: (pid: number) => number): number {
  return pids.reduce((sum, pid) => sum + kib(pid), 0) / 1024
}

/** The value of a line such as `VmHWM:    12345 kB`; 0 for a process that is gone. */
function kibibytes(text: string, name: string): number {
  const line = text.split('\n').find((each) => each.startsWith(name))
  return line === undefined ? 0 : Number.parseInt(line.slice(name.length), 10)
}

type Stat = { readonly parent: number; readonly own: number; readonly reaped: number }

/** utime + stime, and cutime + cstime, in ms. The name in parentheses may hold anything, so they are counted from its end. */
function statOf(pid: number): Stat | undefined {
  const text = readProc(pid, 'stat')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields.length < 15) return undefined
  const ticks = (index: number): number => Number(fields[index]) * MILLISECONDS_PER_TICK
  return { parent: Number(fields[1]), own: ticks(11) + ticks(12), reaped: ticks(13) + ticks(14) }
}

/** What a parent has waited for counts in its cutime and cstime, all generations of it; what lives is added. */
function cpuOfTree(root: number): number {
  return treeOf(root).reduce((sum, pid) => {
    const stat = statOf(pid)
    return sum + (stat === undefined ? 0 : stat.own + stat.reaped)
  }, 0)
}

function treeOf(root: number): readonly number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const stat = Number.isInteger(pid) ? statOf(pid) : undefined
    if (stat !== undefined) children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid])
  }
  const withBelow = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(withBelow)]
  return existsSync(`/proc/${root}`) ? withBelow(root) : []
}

function membersOf(cgroup: string): readonly number[] {
  return readOr(join(cgroup, 'cgroup.procs'), '').split('\n').filter(Boolean).map(Number)
}

function cpuOfCgroup(cgroup: string): number {
  const found = /^usage_usec (\d+)$/m.exec(readFileSync(join(cgroup, 'cpu.stat'), 'utf8'))
  return Number(found?.[1]) / 1000
}

function isWritable(): boolean {
  if (cgroups === undefined) return false
  try {
    const probe = join(cgroups, `hikyaku-bench-${process.pid}`)
    mkdirSync(probe)
    rmdirSync(probe)
    return true
  } catch {
    return false
  }
}

function makeCgroup(name: string): string {
  const path = join(cgroups ?? '', name)
  mkdirSync(path)
  return path
}

/** The kernel lets go of processes that have ended a moment after they have. */
async function removeCgroup(path: string): Promise<void> {
  for (let left = 100; left > 0 && !isRemoved(path); left -= 1) await sleep(20)
}

/** The same where nothing can be awaited any more. */
function removeNow(path: string): void {
  const never = new Int32Array(new SharedArrayBuffer(4))
  for (let left = 50; left > 0 && !isRemoved(path); left -= 1) Atomics.wait(never, 0, 0, 20)
}

function isRemoved(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch {
    return false
  }
}

/**
 * SIGTERM to the program, which ends its own; SIGKILL to whatever is left of it after 10 s. Not to the whole group at
 * first: who starts another program passes the signal on, and a second SIGTERM means impatience.
 */
async function endAll(leader: number, pids: () => readonly number[]): Promise<void> {
  sendSignal(leader, 'SIGTERM')
  for (let left = 200; left > 0 && pids().length > 0; left -= 1) await sleep(50)
  killAll(leader, pids())
}

function killAll(leader: number, pids: readonly number[]): void {
  sendSignal(-leader, 'SIGKILL')
  for (const pid of pids) sendSignal(pid, 'SIGKILL')
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // Gone already.
  }
}

function readProc(pid: number, file: string): string {
  return readOr(`/proc/${pid}/${file}`, '')
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}
