/** Promise 1, "250 means kept", against kill -9 and against disks that fail: nothing promised may be missing after. */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { openSpool } from '#engine/spool'
import type { Content, DeliveryKey, MessageId, Spool } from '#engine/spool'

import { bodyOf } from './spool-mail.ts'

const VICTIM = fileURLToPath(new URL('spool-victim.ts', import.meta.url))

type Promises = {
  readonly accepted: Set<MessageId>
  readonly settled: Set<MessageId>
  readonly said: Set<string>
}

/** Runs the victim under `tracer`, ends it when `enough` says so, and adds what it was promised. */
async function run(
  directory: string,
  tracer: readonly string[],
  promises: Promises,
  enough: (lines: number, last: string) => boolean,
): Promise<number | null> {
  const [command, ...rest] = [...tracer, process.execPath, VICTIM, directory]
  assert.ok(command)
  // A group of its own, so that a tracer and what it traces die at once.
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let lines = 0
  for await (const line of createInterface({ input: child.stdout })) {
    record(line, promises)
    lines += 1
    if (child.exitCode === null && enough(lines, line)) kill(child.pid)
  }
  return ended
}

function record(line: string, { accepted, settled, said }: Promises): void {
  const [word = '', id = '', why = ''] = line.split(' ')
  if (word !== 'refused') assert.ok(!said.has('broken'), `${line}, after the store was broken`)
  if (word === 'accepted') accepted.add(id as MessageId)
  if (word === 'settled') settled.add(id as MessageId)
  said.add(word === 'refused' ? `refused ${why}` : word)
}

function kill(group: number | undefined): void {
  try {
    if (group !== undefined) process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended by itself in this moment.
  }
}

/** Every promise is kept, every octet is right, and no more is active than there was. */
async function verify(directory: string, { accepted, settled }: Promises): Promise<void> {
  const spool = await openSpool(
    { url: 'sqlite:', dataDirectory: directory, node: 1, diskFree: 0 },
    assert.fail,
  )
  try {
    for (const id of accepted) {
      const view = await spool.show(id)
      assert.ok(view, `${id} was acknowledged and is gone`)
      const state = view.deliveries[0]?.delivery.state
      if (settled.has(id)) assert.equal(state, 'delivered', `${id} was settled`)
      else assert.ok(state === 'waiting' || state === 'delivered', `${id} is ${state}`)
      assert.equal(view.hasBody, state === 'waiting')
      if (view.hasBody) assert.deepEqual(await octets(spool, id), bodyOf(id))
    }
    await recount(spool)
    const active = (await spool.depths()).reduce((sum, depth) => sum + depth.active, 0)
    assert.equal(active, 0)
  } finally {
    await spool.close()
  }
}

type Ledger = { readonly accepted: Set<string>; readonly delivered: Set<string> }

function empty(): Ledger {
  return { accepted: new Set(), delivered: new Set() }
}

async function recorded(spool: Spool): Promise<Ledger> {
  const ledger = empty()
  for (let before: DeliveryKey | undefined; ;) {
    const rows = await spool.list({}, { limit: 1000, ...(before && { before }) })
    for (const { delivery } of rows) {
      ledger.accepted.add(nameOf(delivery.key))
      if (delivery.state === 'delivered') ledger.delivered.add(nameOf(delivery.key))
    }
    before = rows.at(-1)?.delivery.key
    if (before === undefined) return ledger
  }
}

async function told(spool: Spool): Promise<Ledger> {
  const ledger = empty()
  for (let after = ''; ;) {
    const page = await spool.events({ organization: 'acme', after, limit: 1000 })
    for (const { kind, message, n } of page.events) {
      assert.ok(message !== undefined && n !== undefined && (kind === 'accepted' || kind === 'delivered'))
      const name = nameOf({ message, n })
      assert.ok(!ledger[kind].has(name), `${name} was told as ${kind} twice`)
      ledger[kind].add(name)
    }
    after = page.next
    if (!page.more) return ledger
  }
}

/** The log and the counts tell of every delivery what its record says, and of no other. */
async function recount(spool: Spool): Promise<void> {
  const ledger = await recorded(spool)
  assert.deepEqual(await told(spool), ledger)
  for (const by of [['provider'], ['stream'], ['domain'], ['sender']] as const) {
    const rows = await spool.counts({ organization: 'acme', from: 0, to: Date.now() + 1e9, by })
    const sum = (kind: keyof Ledger): number =>
      rows.reduce((total, { counts }) => total + (counts[kind] ?? 0), 0)
    assert.deepEqual(
      [sum('accepted'), sum('delivered')],
      [ledger.accepted.size, ledger.delivered.size],
      by[0],
    )
  }
}

function nameOf({ message, n }: DeliveryKey): string {
  return `${message}.${n}`
}

async function octets(spool: Spool, id: MessageId): Promise<Buffer> {
  const content: Content = await spool.read(id)
  return content.kind === 'whole'
    ? Buffer.from(content.bytes)
    : Buffer.concat(await Array.fromAsync(content.chunks()))
}

async function onDisk(use: (directory: string, promises: Promises) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'hikyaku-crash-'))
  try {
    await use(directory, { accepted: new Set(), settled: new Set(), said: new Set() })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** The number of rounds is for a quick run; `HIKYAKU_CRASH_ROUNDS=100` is for a night. */
const ROUNDS = Number(process.env['HIKYAKU_CRASH_ROUNDS'] ?? 4)

test('everything acknowledged is there after kill -9, again and again on the same files', async () => {
  await onDisk(async (directory, promises) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const end = 50 + Math.floor(Math.random() * 1500)
      await run(directory, [], promises, (lines) => lines >= end)
      await verify(directory, promises)
    }
    assert.ok(promises.accepted.size >= ROUNDS * 10)
  })
})

const traced = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0
const skip = traced ? false : 'strace is not there, or may not trace'

function failing(what: string): readonly string[] {
  return [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'trace=fsync,fdatasync,pwrite64',
    '-e',
    `inject=${what}`,
  ]
}

test('an fsync that fails ends the process loudly, and nothing acknowledged is lost', { skip }, async () => {
  await onDisk(async (directory, promises) => {
    // The tenth and every later one in a thread: opening takes some, and then no commit can succeed.
    const code = await run(directory, failing('fsync,fdatasync:error=EIO:when=20+'), promises, () => false)
    assert.equal(code, 70)
    assert.ok(promises.said.has('broken'))
    await verify(directory, promises)
    promises.said.clear()
    await run(directory, [], promises, (lines) => lines > 200)
    await verify(directory, promises)
  })
})

test('with a full disk accepts are refused, and go on when there is space again', { skip }, async () => {
  await onDisk(async (directory, promises) => {
    let refused = false
    const trace = failing('pwrite64:error=ENOSPC:when=400..430')
    await run(directory, trace, promises, (_, line) => {
      refused ||= line.startsWith('refused')
      return refused && line.startsWith('accepted')
    })
    assert.ok(promises.said.has('refused full'))
    assert.ok(!promises.said.has('broken'))
    await verify(directory, promises)
  })
})
