/** One site explained: what is left of several queues, the rate it goes at, and when it is done. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { PathState } from '#engine/egress'

import { HOLD, NOW, path, REACTION, WARMING } from './facts.fixture.ts'
import { tellSite } from './site-words.ts'
import { explainSite } from './site.ts'
import type { SiteFacts } from './site.ts'

const MINUTE = 60_000
const SITE = 'mx.example.com'

function queue(name: string, paths: readonly PathState[], waiting = 600): SiteFacts['queues'][number] {
  const depth = { queue: name, waiting, active: 0, held: 0, oldest: NOW, nextDue: NOW }
  return { ...depth, onWire: 0, paths, reasons: [] }
}

const HOURLY = { layer: 'provider big', key: 'messages_per_hour', file: 'own.toml', line: 3 }

function facts(changes: Partial<SiteFacts> = {}): SiteFacts {
  return {
    site: SITE,
    queues: [],
    reactions: [],
    rules: [
      {
        source: 'default',
        values: new Map([
          ['connections', 10],
          ['messages_per_connection', 100],
          ['messages_per_hour', 100],
        ]),
        origins: new Map([['messages_per_hour', HOURLY]]),
      },
    ],
    now: NOW,
    ...changes,
  }
}

test('what was sent in the last minute is the rate, and a path that two queues share counts once', () => {
  const measured = { ...path({ at: 'open' }), site: SITE, perMinute: 60 }
  const found = explainSite(facts({ queues: [queue('a/b/one', [measured]), queue('a/b/two', [measured])] }))
  assert.deepEqual(found.rate, { perMinute: 60, by: 'measured' })
  assert.equal(found.waiting, 1_200)
  assert.equal(found.paths.length, 1)
  assert.equal(found.eta, NOW + 20 * MINUTE)
  assert.equal(found.bound?.key, 'messages_per_hour')
})

test('where nothing was sent the limits are the rate, and the binding one is named with its line', () => {
  const found = explainSite(facts({ queues: [queue('a/b/one', [])] }))
  assert.equal(found.rate?.by, 'limits')
  assert.ok(
    found.eta !== undefined && found.eta > NOW + 5 * 60 * MINUTE,
    'five hours of 100 each before the last',
  )
  assert.ok(found.eta < NOW + 5.2 * 60 * MINUTE)
  const told = tellSite(found, 'en', NOW).map(([, text]) => text)
  assert.ok(
    told.includes('messages_per_hour = 100, for source default (provider big, own.toml:3)'),
    told.join('\n'),
  )
})

test('a path whose warm-up is full is counted on from the next day, and the rate of the last minute blames nobody', () => {
  const until = NOW + 6 * 60 * MINUTE
  const hold = { at: 'warming', warmUp: WARMING, whenFull: 'wait', until } as const
  const reason = { ...hold, source: 'default', site: SITE }
  const one = { ...queue('a/b/one', [{ ...path(hold), site: SITE, perMinute: 60 }]), reasons: [reason] }
  const found = explainSite(facts({ queues: [one] }))
  assert.ok(found.eta !== undefined && found.eta > until, `${found.eta}`)
  assert.doesNotMatch(JSON.stringify(tellSite(found, 'en', NOW)), /the receiver’s replies decide/)
})

test('a suspended path is not counted on before its reaction ends; the reaction is told with its cause', () => {
  const until = NOW + 60 * MINUTE
  const reaction = { ...REACTION, site: SITE, until }
  const measured = { ...path({ at: 'suspended', reaction }), site: SITE, perMinute: 600 }
  const elsewhere = { ...REACTION, id: 'other', site: 'mx.elsewhere.example' }
  const found = explainSite(
    facts({ queues: [queue('a/b/one', [measured])], reactions: [reaction, elsewhere] }),
  )
  assert.deepEqual(
    found.reactions.map(({ id }) => id),
    [reaction.id],
  )
  assert.equal(found.eta, until + MINUTE)
  for (const language of ['en', 'ja'] as const) {
    const told = tellSite(found, language, NOW)
      .map((line) => line.join(' '))
      .join('\n')
    assert.ok(told.includes(reaction.cause.attempt.text), told)
    assert.ok(told.includes(`hikyaku shaping cancel ${reaction.id}`), told)
  }
})

test('a limit by the hour that is used up says when the next goes and how fast, not what went in the last minute', () => {
  const until = NOW + 40 * MINUTE
  const limit = { key: 'messages_per_hour', value: 60, origin: HOURLY }
  const spent = { ...path({ at: 'paced', limit, until }), site: SITE, perMinute: 60 }
  const found = explainSite(facts({ queues: [queue('a/b/one', [spent], 30)] }))
  assert.deepEqual(found.rate, { perMinute: 1, by: 'window' })
  assert.equal(found.bound?.key, 'messages_per_hour')
  assert.equal(found.eta, until + 30 * MINUTE)
})

test('what waits for its next try says so, and where its last answers are', () => {
  const rows = [{ ...queue('a/b/one.example', [], 1), nextDue: NOW + MINUTE }]
  const told = tellSite(explainSite(facts({ queues: rows })), 'en', NOW).map((line) => line.join(' '))
  assert.ok(
    told.some((line) => line.includes('message list --state waiting --to @one.example')),
    told.join('\n'),
  )
})

test('nothing left has neither a rate nor an end', () => {
  const found = explainSite(facts({ queues: [queue('a/b/one', [], 0)] }))
  assert.deepEqual([found.rate, found.eta, found.bound], [undefined, undefined, undefined])
})

test('a campaign that a reply elsewhere has held is told of where its stream has mail', () => {
  const open = path({ at: 'open' })
  const elsewhere = { ...HOLD, site: 'mx.elsewhere.example' }
  const of = (name: string): readonly string[] =>
    explainSite(facts({ queues: [queue(name, [open])], reactions: [elsewhere] })).reactions.map(
      ({ id }) => id,
    )
  assert.deepEqual(of('default/transactional/example.com'), [HOLD.id])
  assert.deepEqual(of('default/marketing/example.com'), [])
})
