/** A disk that fills up: new mail is put off while what is there goes out, and all is well when there is room again. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { testDirectory } from '../directory.ts'

import type { Client } from './client.ts'
import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`
const SIZE = 32 * 1024 * 1024

function letter(to: string, octets = 10): string {
  return `From: <${FROM}>\r\nTo: <${to}>\r\n\r\n${'x'
    .repeat(70)
    .concat('\r\n')
    .repeat(Math.ceil(octets / 72))}`
}

/** A file system of its own, in memory; unmounted and removed at the end. */
type SmallDisk = Disposable & { readonly path: string }

function smallDisk(): SmallDisk | undefined {
  const path = testDirectory('hikyaku-full-')
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'hikyaku-test', path]).status === 0
  if (!mounted) rmSync(path, { recursive: true })
  const unmount = (): void => {
    // Lazily: a process that was killed this moment may still hold a file.
    spawnSync('umount', ['-l', path])
    rmSync(path, { recursive: true, force: true })
  }
  return mounted ? { path, [Symbol.dispose]: unmount } : undefined
}

/** Writes a file that leaves so many octets free. */
function fill(disk: string, leave: number): void {
  const { bavail, bsize } = statfsSync(disk)
  try {
    writeFileSync(join(disk, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - leave)))
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
  }
}

/** The reply to MAIL, or to a whole message, once it begins as it should. The node looks at its disk each second. */
async function becomes(expected: string, say: () => Promise<string>): Promise<string> {
  for (let left = 100; left > 0; left -= 1) {
    const said = await say()
    if (said.startsWith(expected)) return said
    await sleep(100)
  }
  throw new Error(`never ${expected}`)
}

async function mail(client: Client): Promise<string> {
  const said = await client.say(`MAIL FROM:<${FROM}>`)
  await client.say('RSET')
  return said
}

const possible = smallDisk()
possible?.[Symbol.dispose]()
const skip = possible === undefined && 'mounting a small file system needs root, and is not allowed here'

test(
  'with little space left MAIL gets 452 while sending goes on, and 250 again when there is room',
  { skip },
  async () => {
    using disk = smallDisk() ?? assert.fail()
    const data = join(disk.path, 'data')
    mkdirSync(data)
    await using rig = await Rig.start({ data, sections: { queue: 'retry = ["10m"]' } })
    const waiting = 'defer-1@waiting.example.com'
    await rig.submit({ from: FROM, to: waiting, content: letter(waiting) })
    await rig.log.until('delivery.deferred', { to: waiting })

    using client = await rig.client()
    fill(disk.path, SIZE / 20)
    assert.match(await becomes('452', () => mail(client)), /^452 4\.3\.1 .*of the disk is free/)
    const ready = await fetch(`${rig.node.monitoring}/readyz`)
    assert.equal(ready.status, 503)
    assert.equal((await fetch(`${rig.node.monitoring}/healthz`)).status, 200)
    await rig.operations.change({ filter: { recipient: waiting }, change: 'retry', reason: '' })
    await rig.delivered(waiting)

    rmSync(join(disk.path, 'filler'))
    await becomes('250', () => mail(client))
    const after = 'a@after.example.com'
    await rig.submit({ from: FROM, to: after, content: letter(after) })
    await rig.delivered(after)
  },
)

test(
  'with no space at all no message gets 250, the node lives, and takes mail when there is room',
  { skip },
  async () => {
    using disk = smallDisk() ?? assert.fail()
    const data = join(disk.path, 'data')
    mkdirSync(data)
    await using rig = await Rig.start({ data, sections: { limits: 'disk_free = 0' } })
    using client = await rig.client()
    fill(disk.path, 0)
    let n = 0
    const accepted: string[] = []
    const send = async (): Promise<string> => {
      const to = `n${(n += 1)}@full.example.com`
      const said = await client.submit({ from: FROM, to, content: letter(to, 200_000) })
      if (said.startsWith('250')) accepted.push(to)
      return said
    }
    // What SQLite has of its own files takes a few more.
    await becomes('452', send)
    assert.match(await send(), /^452 /)
    rmSync(join(disk.path, 'filler'))
    await becomes('250', send)
    for (const to of accepted) {
      await rig.delivered(to)
      assert.equal(rig.received(to).length, 1)
    }
    assert.equal(rig.sandbox.accepted, accepted.length)
    const ended = await rig.restart('kill')
    assert.equal(ended.signal, 'SIGKILL')
    assert.equal((await rig.operations.status()).waiting, 0)
  },
)
