/** Files of rules that change while a node runs. */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { loadConfig } from '#platform/config'
import type { Config } from '#platform/config'
import { memoryLog } from '#platform/log'
import type { MemoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'

import { openShaper } from './shaper.ts'
import type { Shaper } from './shaper.ts'

type Rig = {
  readonly shaper: Shaper
  readonly log: MemoryLog
  readonly rules: (text: string) => void
  changes: number
}

function rig(context: TestContext): Rig {
  const directory = mkdtempSync(join(tmpdir(), 'hikyaku-shaper-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  mkdirSync(join(directory, 'shaping'))
  const rules = (text: string): void => writeFileSync(join(directory, 'shaping', 'own.toml'), text)
  rules('[default]\nconnections = 2')
  const log = memoryLog()
  const at = { changes: 0 }
  const shaper = openShaper({
    log,
    metrics: new MetricsRegistry(),
    config: () => configOf(directory),
    note: () => {},
    suppress: () => {},
    holder: { hold: () => {}, release: async () => {} },
    changed: () => void (at.changes += 1),
  })
  return Object.assign(at, { shaper, log, rules })
}

function configOf(directory: string): Config {
  const loaded = loadConfig({
    path: join(directory, 'hikyaku.toml'),
    env: { HIKYAKU_NODE_DATA: directory },
    readFile: () => '',
    hostname: 'mail.example.org',
  })
  if (!loaded.ok) assert.fail(loaded.problems.join('\n'))
  return loaded.config
}

test('files that change hold from the next look on; with mistakes the old ones stay, and the log says so', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] })
  const at = rig(context)
  const shape = at.shaper.shaping.shapeOf('default', 'mx', {})
  const most = (): number => shape.mostConnections()
  assert.equal(most(), 2)
  context.mock.timers.tick(5_000)
  assert.equal(at.changes, 0)
  at.rules('[default]\nconnections = 30')
  context.mock.timers.tick(5_000)
  assert.deepEqual([most(), at.changes], [30, 1])
  at.rules('[default]\nconnections = "many"')
  context.mock.timers.tick(10_000)
  assert.deepEqual([most(), at.changes], [30, 1])
  assert.deepEqual(
    at.log.lines.map(({ event }) => event).filter((event) => event.startsWith('shaping.re')),
    ['shaping.reloaded', 'shaping.refused'],
  )
  at.rules('[default]\nconnections = 4')
  context.mock.timers.tick(5_000)
  assert.equal(most(), 4)
  await at.shaper.close()
})
