/**
 * Where the CPU of one relayed message goes: V8's sampling profile of each thread, by room and by function.
 *
 * Samples are of time, not of CPU: a thread that was put aside for another is sampled as if it ran. So a profile gives
 * shares, and the kernel's account of each thread gives the microseconds to share out. A write to a socket wakes its
 * reader, which may take the core at once: its share is too large by that.
 */

import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { DOMAIN, startHikyaku } from './hikyaku.ts'
import { startSink } from './load.ts'
import type { PostfixPackage } from './postfix-package.ts'
import { quiet, threadsOf } from './process-group.ts'
import { relay } from './relay.ts'
import type { Relayed } from './relay.ts'
import type { RelayName } from './rows.ts'

/** Microseconds between two samples. */
const INTERVAL = 250

/** Messages before the profile, so that it shows compiled code. */
const WARM_UP = 30_000

/** A row: what, and its microseconds a message. */
export type Cost = readonly [what: string, microseconds: number]

export type ThreadProfile = {
  readonly thread: string
  /** CPU, as the kernel counts it. */
  readonly microseconds: number
  readonly rooms: readonly Cost[]
  readonly functions: readonly Cost[]
}

export type Profile = {
  readonly run: Relayed
  readonly threads: readonly ThreadProfile[]
  /** Threads without JavaScript: V8's helpers, which collect garbage and compile, and the pool, which signs. */
  readonly others: readonly Cost[]
}

type Place = { readonly directory: string; readonly patience: number; readonly messages: number }

export async function profile(
  from: PostfixPackage,
  name: RelayName,
  { directory, patience, messages }: Place,
): Promise<Profile> {
  const profiles = join(directory, 'profiles')
  mkdirSync(profiles)
  await using sink = await startSink(from, directory)
  const flags = ['--cpu-prof', `--cpu-prof-interval=${INTERVAL}`, `--cpu-prof-dir=${profiles}`]
  const server = await startHikyaku(directory, sink, { flags, by: name === 'relay-mx' ? 'mx' : 'route' })
  await using resources = new AsyncDisposableStack()
  resources.use(server)
  const load = {
    connections: name.startsWith('relay-fresh') ? 'fresh' : 'reuse',
    from: `someone@${name.endsWith('-dkim') ? DOMAIN.signed : DOMAIN.unsigned}`,
  } as const
  await relay(from, server, { ...load, messages: WARM_UP })
  await quiet(patience)
  const before = threadsOf(server.group.pid)
  const began = microseconds()
  const run = await relay(from, server, { ...load, messages })
  const span = { began, ended: microseconds() }
  const spent = threadsOf(server.group.pid)
  const each = new Map(
    [...spent].map(([thread, cpu]) => [thread, (cpu - (before.get(thread) ?? 0)) / messages]),
  )
  // The profiles are written when the threads end.
  await resources.disposeAsync()
  const threads = readdirSync(profiles)
    .filter((file) => file.endsWith('.cpuprofile'))
    .map((file) => read(join(profiles, file)))
    .map((recorded) => shareOut(recorded, span, each))
  const profiled = new Set(threads.map(({ thread }) => thread))
  const others = [...each].filter(([thread, cost]) => !profiled.has(thread) && cost >= 0.1)
  return {
    run,
    threads: threads.toSorted((a, b) => b.microseconds - a.microseconds),
    others: ordered(others),
  }
}

/** Of the clock that V8's profiles use. */
function microseconds(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

type Frame = { readonly functionName: string; readonly url: string; readonly lineNumber: number }
type Node = { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }
type Recorded = {
  readonly nodes: readonly Node[]
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

function read(path: string): Recorded {
  return JSON.parse(readFileSync(path, 'utf8')) as Recorded
}

/** The entries of our threads, and the name each is started with. */
const THREADS = [
  ['/main/transport-thread.ts', 'transport'],
  ['/spool/store-thread.ts', 'store'],
] as const

function threadOf({ nodes }: Recorded): string {
  const found = THREADS.find(([entry]) => nodes.some(({ callFrame }) => callFrame.url.endsWith(entry)))
  return found?.[1] ?? 'node-MainThread'
}

type Span = { readonly began: number; readonly ended: number }

function shareOut(recorded: Recorded, span: Span, each: ReadonlyMap<string, number>): ThreadProfile {
  const thread = threadOf(recorded)
  const cost = each.get(thread) ?? 0
  const [rooms, functions] = [new Map<string, number>(), new Map<string, number>()]
  let all = 0
  for (const [frames, time] of samplesWithin(recorded, span)) {
    all += time
    add(rooms, roomOf(frames), time)
    add(functions, functionOf(frames), time)
  }
  const shared = (times: ReadonlyMap<string, number>): readonly Cost[] =>
    ordered([...times].map(([what, time]) => [what, (time / all) * cost]))
  return { thread, microseconds: cost, rooms: shared(rooms), functions: shared(functions) }
}

/** Each sample's frames, innermost first, and its microseconds; without those in which the thread waited. */
function* samplesWithin(recorded: Recorded, { began, ended }: Span): Generator<[readonly Frame[], number]> {
  const nodes = new Map(recorded.nodes.map((node) => [node.id, node]))
  const parents = new Map(
    recorded.nodes.flatMap(({ id, children }) => (children ?? []).map((child) => [child, id])),
  )
  const framesOf = (id: number | undefined): Frame[] => {
    const node = id === undefined ? undefined : nodes.get(id)
    return node === undefined ? [] : [node.callFrame, ...framesOf(parents.get(node.id))]
  }
  const known = new Map(recorded.nodes.map(({ id }) => [id, framesOf(id)]))
  let at = recorded.startTime
  for (const [i, id] of recorded.samples.entries()) {
    const time = recorded.timeDeltas[i] ?? 0
    at += time
    const frames = known.get(id) ?? []
    if (at >= began && at <= ended && frames[0]?.functionName !== '(idle)') yield [frames, time]
  }
}

/** What Node does for whoever called it is told apart only where it is a system call or work of another kind. */
const NATIVE: Readonly<Record<string, string>> = {
  writeLatin1String: 'socket: write',
  writeUtf8String: 'socket: write',
  writeBuffer: 'socket: write',
  writev: 'socket: write',
  postMessage: 'message to another thread',
  '(garbage collector)': 'garbage collector',
  '(program)': 'Node and kernel: event loop, read, epoll',
}

function roomOf(frames: readonly Frame[]): string {
  const native = NATIVE[frames[0]?.functionName ?? '']
  if (native !== undefined) return native
  const ours = frames.find(isOurs)
  if (ours === undefined) return 'Node: streams, timers, promises'
  return /(?:src|node_modules)\/(?:@[^/]+\/)?[^/]+(?:\/[^/]+(?=\/))?/.exec(ours.url)?.[0] ?? ours.url
}

function functionOf(frames: readonly Frame[]): string {
  const ours = frames.find(isOurs)
  const where = ours === undefined ? '' : nameOf(ours)
  const native = NATIVE[frames[0]?.functionName ?? '']
  if (native !== undefined) return where === '' ? native : `${native}, by ${where}`
  return where === '' ? `Node: ${frames[0]?.functionName ?? ''}` : where
}

function isOurs({ url }: Frame): boolean {
  return url.includes('/src/') || url.includes('/node_modules/')
}

function nameOf({ functionName, url, lineNumber }: Frame): string {
  const path = url.replace(/^.*\/(?=(?:src|node_modules)\/)/, '')
  return `${functionName || 'a closure'} ${path}:${lineNumber + 1}`
}

function add(times: Map<string, number>, what: string, time: number): void {
  times.set(what, (times.get(what) ?? 0) + time)
}

function ordered(costs: readonly Cost[]): readonly Cost[] {
  return costs.toSorted(([, a], [, b]) => b - a)
}

/** For people; functions below a hundredth of their thread are left out. */
export function profileText({ run, threads, others }: Profile): string {
  const lines = [
    `${Math.round(run.messagesPerSecond)} messages/s, ${Math.round(run.cpuMsPerMessage * 1000)} µs of CPU a message`,
    `(the profiler's own included), others ${Math.round((run.others ?? 0) * 100)} %`,
  ]
  for (const { thread, microseconds: cost, rooms, functions } of threads) {
    lines.push('', `${thread}: ${cost.toFixed(1)} µs a message`)
    lines.push(...costLines(rooms, cost), '  --', ...costLines(functions, cost))
  }
  return [...lines, '', 'threads without JavaScript', ...costLines(others, 0)].join('\n')
}

function costLines(costs: readonly Cost[], whole: number): readonly string[] {
  const large = costs.filter(([, cost]) => cost >= whole / 100)
  return large.map(([what, cost]) => `${cost.toFixed(1).padStart(8)} µs  ${what}`)
}
