/** The shaping rules that come with Hikyaku, and the configuration below them, for tests. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'

import { readRules } from '#engine/rule'
import type { Ruleset } from '#engine/rule'
import { loadConfig } from '#platform/config'
import type { EgressConfig } from '#platform/config'

const DIRECTORY = new URL('../shaping/', import.meta.url)

export function shippedPersonalities(): { readonly rules: Ruleset; readonly egress: EgressConfig } {
  const files = readdirSync(DIRECTORY).map((name) => ({
    name,
    text: readFileSync(new URL(name, DIRECTORY), 'utf8'),
    by: 'product' as const,
  }))
  const read = readRules(files, [])
  if (!read.ok) assert.fail(read.problems.join('\n'))
  const loaded = loadConfig({ env: {}, readFile: () => '', hostname: 'mx.example.com' })
  if (!loaded.ok) assert.fail(loaded.problems.join('\n'))
  return { rules: read.rules, egress: loaded.config.egress }
}
