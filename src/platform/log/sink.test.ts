import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { Sink } from './sink.ts'

const LINE = `${'x'.repeat(1023)}\n`
const BACKLOG = 1024 * 1024
const MORE_THAN_WAITS = 1100

test('lines are written in the background, in order, without anyone asking', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sink-'))
  const file = join(folder, 'log')
  const sink = new Sink(file, () => assert.fail('dropped'))
  const all = Array.from({ length: 500 }, (_, i) => `${i} ${LINE}`)
  for (const line of all) sink.write(line)
  await t.waitFor(async () => assert.equal(await readFile(file, 'utf8'), all.join('')), { timeout: 10_000 })
  await sink.close()
  await rm(folder, { recursive: true })
})

test(
  'a destination that takes nothing costs a bounded backlog, and neither flush nor close waits',
  { skip: !existsSync('/dev/full') },
  async () => {
    let told = 0
    const sink = new Sink('/dev/full', (lines) => (told += lines), BACKLOG)
    for (let i = 0; i < MORE_THAN_WAITS; i += 1) sink.write(LINE)
    sink.flush()
    await sink.close()
    assert.ok(told > 0, 'nothing was dropped')
  },
)

test('how many lines were dropped is told once there is room', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sink-'))
  const told: number[] = []
  const sink = new Sink(join(folder, 'log'), (lines) => told.push(lines), BACKLOG)
  for (let i = 0; i < MORE_THAN_WAITS; i += 1) sink.write(LINE)
  await t.waitFor(() => assert.equal(told.length, 1), { timeout: 10_000 })
  await sink.close()
  const kept = (await readFile(join(folder, 'log'), 'utf8')).split('\n').length - 1
  assert.equal(kept + (told[0] ?? 0), MORE_THAN_WAITS)
  assert.ok(told[0]! > 0)
  await rm(folder, { recursive: true })
})
