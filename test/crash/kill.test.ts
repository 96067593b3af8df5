/** The crash runs in small, so that every `npm test` has some; `npm run crash` has many. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { killRounds } from './kill.ts'
import { PowerDisk, powerLosses } from './power.ts'
import type { Reckoning } from './syscalls.ts'

const LOAD = { sessions: 10, connections: 10, rate: 300 }

function assertKept({ acked, lost, violations, duplicates, connections }: Reckoning, kills: number): void {
  assert.deepEqual(lost, [])
  assert.deepEqual(violations, [])
  assert.ok(acked > 20, `only ${acked} messages were acknowledged`)
  assert.ok(connections > 1)
  assert.ok(duplicates <= kills * 40, `${duplicates} duplicates`)
}

test('a node that is killed twice under load loses nothing that it acknowledged', async () => {
  assertKept(await killRounds({ ...LOAD, rounds: 2, after: [0, 500] }), 2)
})

test('nor does one that keeps its mail in PostgreSQL', async () => {
  assertKept(await killRounds({ ...LOAD, rounds: 1, after: [0, 500], store: 'postgres' }), 1)
})

const possible = PowerDisk.make()
possible?.[Symbol.dispose]()
const skip = possible === undefined && 'making and mounting an ext4 needs root, mkfs.ext4 and perl'

test('a node whose machine loses power under load loses nothing that it acknowledged', { skip }, async () => {
  using disk = PowerDisk.make() ?? assert.fail()
  assertKept(await powerLosses(disk, 1, LOAD, () => {}), 1)
})
