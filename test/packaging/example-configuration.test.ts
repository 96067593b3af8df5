/** The configuration files of the package, read as a node would read them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { loadConfig } from '#platform/config'
import type { Loaded } from '#platform/config'

import { configuration, wholeConfiguration } from '../../packaging/stage.ts'

function load(text: string): Loaded {
  const sources = { env: {}, readFile: () => text, hostname: 'mail.example.net' }
  return loadConfig({ ...sources, path: '/etc/hikyaku/hikyaku.toml' })
}

const EMPTY = load('[node]\ndata = "/var/lib/hikyaku"\n')

test('as it comes, the installed configuration says where the data is, and leaves everything else to the defaults', () => {
  assert.ok(EMPTY.ok)
  assert.deepEqual(load(configuration()), EMPTY)
})

test('as it comes, so does the example with every key', () => {
  assert.deepEqual(load(wholeConfiguration()), EMPTY)
})

test('every line that is commented out can be put in force: what the example shows is right', () => {
  // Of prose a space follows the mark, of what could be in force none.
  const lines = wholeConfiguration().replaceAll(/^#(?! )/gm, '')
  // Without it no password would be sent, and the example of a route has one.
  const all = lines.replaceAll('tls = "opportunistic"', 'tls = "verified"')
  const loaded = load(all)
  assert.deepEqual(loaded.ok ? [] : loaded.problems, [])
  assert.notDeepEqual(loaded, EMPTY)
})
