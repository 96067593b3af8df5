/** What is foretold of a plan: that it is whole, the same each time, and what holds it back has a name and a time. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { HOUR, planOf, rulesOf, sharesOf, SHIPPED, tried, withSources } from './plan.fixture.ts'
import { rehearse } from './rehearse.ts'
import type { Part, Rehearsed } from './report.ts'

function partOf({ parts }: Rehearsed, name: string): Part {
  return parts.find((part) => part.name === name) ?? assert.fail(`there is no part ${name}`)
}

test('what is sent comes to an end, once for each message, and the part that takes longest is first', () => {
  const counts = { 'gmail.com': 2_000, 'docomo.ne.jp': 1_000, 'yahoo.co.jp': 500, 'nobody.example': 700 }
  const found = tried({ shares: sharesOf(counts), unknown: 0.02, greylisting: 0.3 })
  assert.equal(found.messages, 4_200)
  assert.equal(found.delivered + found.bounced + found.expired, 4_200)
  assert.ok(found.bounced > 40 && found.bounced < 140, `${found.bounced} bounced`)
  const { length } = found.parts
  assert.equal(length, 4)
  assert.equal(found.after, Math.max(...found.parts.map(({ after }) => after)))
  assert.equal(found.parts[0]?.after, found.after)
  for (const part of found.parts)
    assert.equal(
      part.sources.reduce((sum, { sent }) => sum + sent, 0),
      part.delivered,
    )
})

test('the same seed comes to the same, another to another', () => {
  const plan = planOf({ shares: sharesOf({ 'nobody.example': 3_000 }), greylisting: 0.5, unknown: 0.1 })
  assert.deepEqual(rehearse(plan), rehearse(plan))
  assert.notEqual(rehearse(plan).bounced, rehearse({ ...plan, seed: 2 }).bounced)
})

test('a receiver that bears what is sent is never provoked, and its limit is what holds back', () => {
  const found = tried({ shares: sharesOf({ 'gmail.com': 5_000 }) })
  const google = partOf(found, 'google')
  assert.deepEqual([google.deferrals, google.reactions.length], [0, 0])
  assert(google.bound.at === 'limit')
  assert.deepEqual([google.bound.limit.key, google.bound.limit.provider], ['connections', 'google'])
  assert.match(google.bound.limit.origin?.file ?? '', /google\.toml/)
})

test('who goes beyond what Yahoo! JAPAN bears is told TSS04, and rests for an hour each time', () => {
  const own = rulesOf(`[provider.yahoo-japan]
hosts = ["*.mail.yahoo.co.jp"]
messages_per_connection = 20
connections = 2
[provider.yahoo-japan.reactions.blocked]
code = [421]
text = ["[TSS04]"]
times = 2
within = "1h"
do = "suspend"
for = "1h"`)
  const found = tried({
    shares: sharesOf({ 'yahoo.co.jp': 1_000 }),
    rules: { rules: own, egress: SHIPPED.egress },
    pace: { transaction: 50, connecting: 100 },
  })
  const [yahoo] = found.parts
  const [blocked] = yahoo?.reactions ?? []
  assert.equal(blocked?.rule, 'provider yahoo-japan: blocked')
  assert.match(blocked.reply, /^421 \[TSS04\]/)
  const phases = yahoo?.sources[0]?.phases ?? []
  const suspended = phases.filter(({ by }) => by.at === 'suspended')
  const rested = suspended.reduce((sum, { lasted, from, to }) => sum + (lasted ?? to - from), 0)
  // The last one may be cut short by the end.
  assert.ok(rested > (blocked.times - 1) * HOUR && rested <= blocked.times * HOUR + 60_000, `${rested}`)
  assert.equal(yahoo?.bound.at, 'suspended')
})

test('a stricter receiver than the rules know slows what is sent, by its own words', () => {
  const shares = sharesOf({ 'gmail.com': 3_000 })
  const usual = tried({ shares })
  const strict = tried({ shares, reception: { bears: 0.4 } })
  assert.ok(strict.after > 2 * usual.after)
  assert.equal(strict.parts[0]?.reactions[0]?.rule, 'provider google: busy')
  assert.equal(strict.delivered, 3_000)
})

test('too many unknown users pause the stream, and what never gets its turn expires', () => {
  const found = tried({ shares: sharesOf({ 'docomo.ne.jp': 20_000 }), unknown: 0.2, expire: 24 * HOUR })
  const docomo = partOf(found, 'docomo')
  assert.equal(docomo.bound.at, 'paused')
  assert.equal(docomo.reactions[0]?.rule, 'unknown-users')
  assert.ok(docomo.expired > 10_000)
  assert.equal(docomo.after, 24 * HOUR)
})

test('greylisted messages are tried again and arrive', () => {
  const found = tried({ shares: sharesOf({ 'nobody.example': 1_000 }), greylisting: 1 })
  assert.equal(found.delivered, 1_000)
  assert.ok(found.retries >= 1_000)
  assert.ok(found.after >= 300_000)
  assert.equal(tried({ shares: sharesOf({ 'gmail.com': 100 }), greylisting: 1 }).deferrals, 0)
})

test('a source that is warmed up sends its number each day, and another of the pool takes the rest', () => {
  const shares = sharesOf({ 'gmail.com': 1_000 })
  const rules = withSources({ fresh: true, known: false })
  const both = partOf(tried({ shares, rules, sources: ['fresh', 'known'] }), 'google')
  assert.deepEqual(
    both.sources.map(({ sent }) => sent),
    [50, 950],
  )
  assert.ok(both.after < HOUR)
  const alone = partOf(tried({ shares, rules, sources: ['fresh'] }), 'google')
  // 50, 100, 500, and the rest of it on the fourth day.
  assert.ok(alone.after > 72 * HOUR && alone.after < 73 * HOUR, `${alone.after / HOUR}`)
  assert.deepEqual(
    alone.sources[0]?.phases.flatMap(({ by }) => (by.at === 'warm-up' ? [by.step] : [])),
    [1, 2, 3],
  )
})

test('with when_full = "wait" the others of the pool take nothing of that provider until the next day', () => {
  const found = tried({
    shares: sharesOf({ 'gmail.com': 500 }),
    rules: withSources({ fresh: true, known: false }),
    sources: ['fresh', 'known'],
    warmUp: { schedule: [50, 100, 500], whenFull: 'wait', idleRestart: Infinity },
  })
  assert.ok(found.after > 24 * HOUR)
  assert.equal(found.delivered, 500)
})

test('the warm-up begins at midnight of UTC, whenever the mailing does', () => {
  const shares = sharesOf({ 'gmail.com': 60 })
  const rules = withSources({ fresh: true })
  const at = (hour: number): number =>
    tried({ shares, rules, sources: ['fresh'], start: Date.UTC(2026, 10, 24, hour) }).after
  assert.ok(Math.abs(at(0) - 24 * HOUR) < 60_000)
  assert.ok(Math.abs(at(20) - 4 * HOUR) < 60_000)
})

test('a source that receivers do not know, and that is not warmed up, is put off by them', () => {
  const shares = sharesOf({ 'outlook.com': 400 })
  const found = tried({ shares, reception: { strangers: new Set(['main']), schedule: [50, 100, 500] } })
  assert.equal(found.parts[0]?.reactions[0]?.rule, 'provider outlook: rate-limited')
  assert.ok(found.after > 24 * HOUR)
  assert.equal(tried({ shares }).deferrals, 0)
})

function ofBig(n: number): ReturnType<typeof sharesOf>[number] {
  const site = `mx${n}.big.net`
  return { domain: `${n}.example`, count: 200, way: { site, names: [site], via: 'mx' } }
}

test('limits that sites of a provider share hold for all of them together', () => {
  const rules = rulesOf(`[provider.big]
hosts = ["*.big.net"]
connections = 10
shared.connections = 1`)
  const given = { rules: { rules, egress: SHIPPED.egress } }
  const alone = tried({ ...given, shares: [ofBig(1)] })
  const both = tried({ ...given, shares: [ofBig(1), ofBig(2)] })
  assert.equal(both.parts.length, 1)
  assert.equal(both.parts[0]?.sites, 2)
  assert.ok(both.after > alone.after * 1.9)
})

test('what a node has counted and what has set in there goes on', () => {
  const first = planOf({ shares: sharesOf({ 'gmail.com': 10 }) })
  const attempt = {
    at: first.start,
    duration: 0,
    outcome: 'deferred',
    source: 'main',
    site: 'gmail-smtp-in.l.google.com',
    host: '',
    address: '',
    tls: '',
    stage: 'end of data',
    code: 550,
    enhanced: '5.7.28',
    text: 'unusual rate of unsolicited mail',
  } as const
  const key = ['main', 'gmail-smtp-in.l.google.com', 'google', ''].join('\0')
  const live = {
    id: 'x',
    rule: 'provider google: blocked-for-rate',
    place: {},
    act: { do: 'suspend', for: HOUR },
    source: 'main',
    site: attempt.site,
    cause: { attempt },
    from: first.start - HOUR / 2,
    until: first.start + HOUR / 2,
    again: 0,
  } as const
  const found = rehearse({
    ...first,
    kept: { at: first.start, paths: [{ key, live: [live] }], shared: [] },
  })
  assert.ok(found.after >= HOUR / 2)
  const [phase] = found.parts[0]?.sources[0]?.phases ?? []
  assert.equal(phase?.by.at, 'suspended')
})
