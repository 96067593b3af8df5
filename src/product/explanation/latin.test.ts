/** Japanese output is Japanese: what stands in Latin letters is a name, a code, a key, a command, or a stranger's word. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { PathState } from '#engine/egress'
import type { Binding, Rehearsed } from '#engine/rehearsal'

import {
  BREAKER,
  GREYLISTED,
  LIMIT,
  NO_ANSWER,
  NOW,
  path,
  REACTION,
  SAMPLES,
  WARMING,
} from './facts.fixture.ts'
import { tellRehearsal } from './rehearsal.ts'
import { tellSite } from './site-words.ts'
import { explainSite } from './site.ts'
import { tell } from './words.ts'

/** What is spelled so in every language: names of the samples, and what people type or read in files. */
const NAMES: readonly (string | RegExp)[] = [
  /\[provider\.big(?:\.source\.ip-1)?\]/g,
  // What the samples call things, and what strangers say in them.
  GREYLISTED.text,
  'connection refused',
  NO_ANSWER.text,
  '550 5.1.1 No such user',
  'the body of message 0sa8jyx0040 is damaged: its checksum differs',
  '"why" `$(id)` <b>',
  '5 % of the disk is free',
  'a decision of policy',
  /provider big(?:: busy|: spam| from ip-1)?|unknown-users|shaping\/big\.toml:\d+|own\.toml:\d+/g,
  /\b(?:ip-\d|big|google|default|transactional|marketing|spring|others)\b/g,
  /\b(?:[\w-]+\.)+(?:example|com|org|jp|net)\b/g,
  // Commands, files, keys and values of the configuration, options.
  /「(?:hikyaku )?[a-z-]+ [^」]+」|"hikyaku [^"]+"|"overflow"/g,
  /\b(?:docs|shaping)\/[\w*.]+|shaping\.json/g,
  /\b[a-z]+(?:[._][a-z_]+)+\b|\bconnections\b|--[a-z-]+/g,
  // Of the protocol.
  /\b(?:DNS|RCPT|MAIL|EHLO|DATA|TLS|UTC|FUTURERELEASE)\b|\d\d-\d\d \d\d:\d\dZ|\d\d:\d\dZ|\d{4}-\d\d-\d\d [\d:]+Z/g,
  /\b0sa8\w+\b|\bk3x\b/g,
]

function check(text: string): void {
  let left = text
  for (const name of NAMES)
    left = typeof name === 'string' ? left.replaceAll(name, '') : left.replaceAll(name, '')
  assert.doesNotMatch(left, /[A-Za-z]{2,}/, `${left}\nof ${text}`)
}

test('why a delivery waits is told in Japanese', () => {
  for (const reason of SAMPLES) {
    const { brief, what, meaning, until, change } = tell(reason, 'ja', { name: '0sa8jyx0040.1', now: NOW })
    for (const text of [brief, what, meaning, until, change]) check(text)
  }
})

const HOLDS: readonly PathState['hold'][] = [
  { at: 'open' },
  { at: 'connecting' },
  { at: 'closing' },
  { at: 'full', limit: 'path', connections: 10, rule: LIMIT },
  { at: 'refused-more', connections: 2, until: NOW, attempt: NO_ANSWER },
  { at: 'paced', limit: { ...LIMIT, key: 'messages_per_hour' }, until: NOW },
  { at: 'warming', warmUp: WARMING, whenFull: 'wait', until: NOW },
  { at: 'opening-paced', limit: { ...LIMIT, key: 'connections_per_minute' }, until: NOW },
  { at: 'slowed', perMinute: 3, until: NOW, reaction: REACTION },
  { at: 'suspended', reaction: REACTION },
  { at: 'single', reaction: REACTION },
  { at: 'down', until: NOW, failures: 3, attempt: NO_ANSWER },
]

for (const hold of HOLDS) {
  test(`a site with a path that is ${hold.at} is told in Japanese`, () => {
    for (const perMinute of [0, 60]) {
      const depth = {
        queue: 'default/transactional/example.com',
        waiting: 60,
        active: 2,
        held: 1,
        oldest: NOW,
      }
      const queue = { ...depth, onWire: 1, nextDue: NOW, paths: [{ ...path(hold), perMinute }], reasons: [] }
      const acts = ['suspend', 'slow', 'one-connection', 'pause-stream'] as const
      const reactions = acts.map((act) => ({
        ...REACTION,
        act: act === 'slow' ? { do: act, for: 1, share: 0.5 } : { do: act, for: 1 },
      }))
      const rules = [
        {
          source: 'ip-1',
          values: new Map([['connections', 10]]),
          origins: new Map([
            ['connections', { layer: 'provider big', key: 'connections', file: 'own.toml', line: 3 }],
          ]),
        },
      ]
      const reroute = { ...REACTION, act: { do: 'reroute' as const, for: 1, to: 'ip-2' } }
      const site = explainSite({
        site: 'mx.example.com',
        queues: [queue],
        reactions: [...reactions, reroute, BREAKER],
        rules,
        now: NOW,
      })
      for (const [label, text] of tellSite(site, 'ja', NOW)) check(`${label} ${text}`)
      const nothing = explainSite({
        site: 'mx.example.com',
        queues: [{ ...queue, paths: [] }],
        reactions: [],
        rules,
        now: NOW,
      })
      for (const [label, text] of tellSite(nothing, 'ja', NOW)) check(`${label} ${text}`)
    }
  })
}

const REACTED = {
  rule: 'provider big: busy',
  place: { file: 'shaping/big.toml', line: 9 },
  for: 3_600_000,
  reply: '421',
}

const BINDINGS: readonly Binding[] = [
  ...['connections', 'messages_per_second', 'messages_per_day', 'connections_per_minute'].flatMap((key) => [
    { at: 'limit' as const, limit: { ...LIMIT, key } },
    { at: 'limit' as const, limit: { ...LIMIT, key, value: 1, provider: 'big' } },
  ]),
  {
    at: 'limit',
    limit: {
      key: 'connections',
      value: 1,
      origin: { layer: 'configuration', key: 'egress.connections_per_path' },
    },
  },
  { at: 'warm-up', step: 2, steps: 15, most: 100 },
  ...(['suspended', 'slowed', 'one-connection', 'paused'] as const).map((at) => ({ at, reaction: REACTED })),
  { at: 'refused-more', connections: 2 },
  { at: 'down', reply: '421' },
  { at: 'node', connections: 1_000 },
  { at: 'retries' },
  { at: 'nothing' },
]

function rehearsed(parts: number): Rehearsed {
  const counts = { messages: 100, delivered: 80, bounced: 10, expired: 10, deferrals: 3, retries: 2 }
  const phases = BINDINGS.flatMap((by, i) => [
    { from: i * 1_000, to: i * 1_000 + 500, by, sent: 3 },
    { from: i * 1_000 + 500, to: i * 1_000 + 1_000, by, sent: 0, times: 3, lasted: 200 },
  ])
  const sources = ['ip-1', 'ip-2'].map((source) => ({ source, sent: 40, phases }))
  const part = (bound: Binding, name: string): Rehearsed['parts'][number] => ({
    ...counts,
    name,
    domains: ['example.com'],
    sites: 2,
    after: 90_000_000,
    nearly: 80_000_000,
    perMinute: 0.01,
    bound,
    source: 'ip-1',
    reactions: [],
    sources,
  })
  const all = Array.from({ length: parts }, (_, i) =>
    part(BINDINGS[i % BINDINGS.length] ?? { at: 'nothing' }, `${i}.example`),
  )
  return { ...counts, start: NOW, seed: 1, after: 90_000_000, parts: all }
}

const ASSUMED = { transaction: 500, connecting: 1_500, unknown: 0.03, greylisting: 0.5, expire: 86_400_000 }

for (const language of ['en', 'ja'] as const) {
  test(`a rehearsal is told whole in ${language}`, () => {
    for (const isPlain of [true, false]) {
      const bears = isPlain ? 1 : 0.5
      const strangers = isPlain ? [] : ['ip-1']
      const assumed = { ...ASSUMED, bears, strangers, ownRules: !isPlain, isContinued: isPlain }
      const { head, parts, more, ways, assumed: grounds } = tellRehearsal(rehearsed(30), assumed, language)
      const tables = [parts, ...ways.map(({ phases }) => phases)]
      const titles = ways.map(({ title }) => title)
      const texts = [...head, more, ...titles, grounds.title, ...grounds.lines]
      for (const text of [...texts, ...tables.flatMap((one) => [...one.titles, ...one.rows.flat()])]) {
        assert.doesNotMatch(text, /undefined|null|NaN|\[object|\s\s|^\s|\s$|\(\)|（）/, text)
        if (language === 'ja') check(text)
      }
      assert.equal(parts.rows.length, 20)
      assert.ok(more.includes('10'))
    }
  })
}
