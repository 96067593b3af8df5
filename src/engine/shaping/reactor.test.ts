/** What replies set off on one path, when it ends, and how often it must be said. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readRules } from '#engine/rule'
import type { Attempt } from '#engine/spool'

import { rateAt } from './live.ts'
import { Reactor } from './reactor.ts'
import type { Effect, Observed } from './reactor.ts'

const MINUTE = 60_000

function reactor(rules: string, perMinute = 600): Reactor {
  const read = readRules([{ name: 'x.toml', by: 'operator', text: rules }], ['ip-1', 'ip-2'])
  if (!read.ok) assert.fail(read.problems.join('\n'))
  let id = 0
  const made = new Reactor({
    source: 'ip-1',
    site: 'mx.example.net',
    newId: () => `r${(id += 1)}`,
    perMinute: () => perMinute,
  })
  made.reactions = read.rules.layers.get('default')?.compiled ?? []
  return made
}

function said(code: number, text: string, more: Partial<Attempt> = {}): Observed {
  const attempt: Attempt = {
    at: 0,
    duration: 1,
    outcome: code >= 500 ? 'bounced' : 'deferred',
    source: 'ip-1',
    site: 'mx.example.net',
    host: 'mx.example.net',
    address: '192.0.2.1',
    tls: '',
    stage: 'RCPT',
    code,
    enhanced: `${Math.floor(code / 100)}.0.0`,
    text,
    ...more,
  }
  return { attempt, delivery: '0ab3xk9m2pq.0', stream: { organization: 'acme', stream: 'marketing' } }
}

function kinds(effects: readonly Effect[]): readonly string[] {
  return effects.map((effect) => (effect.at === 'delivery' ? `${effect.at} ${effect.outcome}` : effect.at))
}

const SUSPEND = '[default.reactions.busy]\ncode = [421]\ndo = "suspend"\nfor = "10m"'

test('a reply that matches sets its reaction in, with the reply as its cause, until its end', () => {
  const at = reactor(SUSPEND)
  assert.deepEqual(at.observe(said(450, 'no'), 0), [])
  const [effect] = at.observe(said(421, 'slow down'), 1_000)
  assert(effect?.at === 'started')
  const { live } = effect
  assert.deepEqual([live.rule, live.from, live.until], ['default: busy', 1_000, 1_000 + 10 * MINUTE])
  assert.deepEqual([live.cause.attempt.text, live.cause.delivery], ['slow down', '0ab3xk9m2pq.0'])
  assert.deepEqual(live.place, { file: 'x.toml', line: 1 })
  assert.deepEqual(at.sweep(live.until - 1), [])
  assert.deepEqual(kinds(at.sweep(live.until)), ['ended'])
  assert.ok(at.isQuiet)
})

test('said again, it lasts from then on, and is counted', () => {
  const at = reactor(SUSPEND)
  at.observe(said(421, 'one'), 0)
  const [effect] = at.observe(said(421, 'two'), MINUTE)
  assert(effect?.at === 'renewed')
  assert.deepEqual(
    [effect.live.until, effect.live.again, effect.live.cause.attempt.text],
    [11 * MINUTE, 1, 'two'],
  )
  assert.equal([...at.live].length, 1)
})

test('a threshold is reached by so many within the time, and begins anew after it', () => {
  const at = reactor(
    '[default.reactions.resets]\nfailure = ["reset"]\ntimes = 3\nwithin = "1m"\ndo = "suspend"\nfor = "10m"',
  )
  const reset = said(0, 'connection lost at stage MAIL: read ECONNRESET', { stage: 'MAIL' })
  assert.deepEqual(at.observe(reset, 0), [])
  assert.deepEqual(at.observe(reset, 50_000), [])
  assert.deepEqual(at.observe(reset, 70_000), [], 'the first is too old')
  assert.deepEqual(kinds(at.observe(reset, 80_000)), ['started'])
  assert.deepEqual(at.observe(reset, 80_001), [])
})

test('a rate is cut, cut again by what comes later, and rises evenly to what it was', () => {
  const at = reactor('[default.reactions.slow]\ncode = [421]\ndo = "slow"\nshare = 0.5\nfor = "10m"')
  const [first] = at.observe(said(421, 'slow down', { at: 0 }), 0)
  assert(first?.at === 'started' && first.live.slope !== undefined)
  const { slope, until } = first.live
  assert.deepEqual(
    [rateAt(slope, until, 0), rateAt(slope, until, 5 * MINUTE), rateAt(slope, until, until)],
    [300, 450, 600],
  )
  const [underWay] = at.observe(said(421, 'slow down', { at: -1 }), 10)
  assert(underWay?.at === 'renewed')
  assert.deepEqual(underWay.live.slope, slope, 'what was sent before the cut cuts no further')
  const [again] = at.observe(said(421, 'slow down', { at: 5 * MINUTE }), 5 * MINUTE)
  assert(again?.at === 'renewed' && again.live.slope !== undefined)
  assert.equal(again.live.slope.high, 600)
  assert.ok(again.live.slope.low < 300 && again.live.slope.low > 200)
})

test('a rate may be named, and is never less than one a minute', () => {
  const at = reactor('[default.reactions.slow]\ncode = [421]\ndo = "slow"\nper_minute = 12\nfor = "10m"')
  const [named] = at.observe(said(421, 'x'), 0)
  assert(named?.at === 'started')
  assert.equal(named.live.slope?.low, 12)
  const quiet = reactor('[default.reactions.slow]\ncode = [421]\ndo = "slow"\nshare = 0.01\nfor = "10m"', 0)
  const [least] = quiet.observe(said(421, 'x'), 0)
  assert(least?.at === 'started')
  assert.equal(least.live.slope?.low, 1)
})

test('what becomes of the delivery can be said otherwise than by its code', () => {
  const at = reactor(`
[default.reactions.blocked]
code = [550]
text = ["block list"]
do = "suspend"
for = "1h"
delivery = "defer"
[default.reactions.gone]
text = ["gave up"]
do = "bounce"
[default.reactions.never-again]
text = ["moved away"]
do = "suppress"
[default.reactions.ignored]
text = ["nothing to see"]
do = "none"
`)
  assert.deepEqual(kinds(at.observe(said(550, 'on our block list'), 0)), ['delivery deferred', 'started'])
  assert.deepEqual(kinds(at.observe(said(450, 'gave up on you'), 0)), ['delivery bounced'])
  assert.deepEqual(kinds(at.observe(said(550, 'moved away'), 0)), ['suppress'])
  assert.deepEqual(at.observe(said(450, 'nothing to see here'), 0), [])
})

test('a stream that is paused leaves the others, and one that cannot be named is not paused', () => {
  const at = reactor('[default.reactions.spam]\ntext = ["spam"]\ndo = "pause-stream"\nfor = "1h"')
  assert.deepEqual(kinds(at.observe(said(550, 'spam'), 0)), ['started'])
  const [live] = at.live
  assert.deepEqual(live?.stream, { organization: 'acme', stream: 'marketing' })
  const { attempt } = said(0, 'spam')
  assert.deepEqual(at.observe({ attempt: { ...attempt, code: 550 } }, 0), [])
})

test('whatever is said, what is remembered is bounded', () => {
  const at = reactor(
    '[default.reactions.spam]\ntext = ["spam"]\ndo = "pause-stream"\nfor = "1h"\n[default.reactions.many]\ncode = [421]\ntimes = 5\nwithin = "1m"\ndo = "suspend"\nfor = "1h"',
  )
  let ended = 0
  for (let n = 0; n < 1_000; n += 1) {
    const observed = { ...said(550, 'spam'), stream: { organization: `o${n}`, stream: 's' } }
    ended += at.observe(observed, n).filter((effect) => effect.at === 'ended').length
    at.observe(said(421, 'x'), n * MINUTE)
  }
  assert.equal([...at.live].length, 100)
  assert.equal(ended, 900)
})

test('an operator cancels and prolongs by the id', () => {
  const at = reactor(SUSPEND)
  const [effect] = at.observe(said(421, 'x'), 0)
  assert(effect?.at === 'started')
  assert.equal(at.extend('r1', MINUTE)?.until, 11 * MINUTE)
  assert.equal(at.extend('r2', MINUTE), undefined)
  assert.equal(at.cancel('r1')?.rule, 'default: busy')
  assert.equal(at.cancel('r1'), undefined)
  assert.ok(at.isQuiet)
})

test('a campaign is held for what was said to it, and not to others', () => {
  const at = reactor(
    '[default.reactions.spam]\ncode = [550]\ntimes = 2\nwithin = "10m"\ndo = "hold-campaign"\nfor = "1h"',
  )
  const of = (campaign?: string): Observed => ({ ...said(550, 'spam'), ...(campaign && { campaign }) })
  assert.deepEqual(at.observe(of('spring'), 0), [])
  assert.deepEqual(at.observe(of('summer'), 1), [])
  assert.deepEqual(at.observe(of(), 2), [])
  const [effect] = at.observe(of('spring'), 3)
  assert(effect?.at === 'hold')
  assert.deepEqual(effect.hold.campaign, { organization: 'acme', stream: 'marketing', campaign: 'spring' })
  assert.deepEqual([effect.hold.rule, effect.hold.source], ['default: spam', 'ip-1'])
  assert.ok(at.isQuiet)
  for (let n = 0; n < 2_000; n += 1) at.observe(of(`c${n}`), 4)
  // The oldest is forgotten for them, and counts from the beginning.
  assert.deepEqual(at.observe(of('summer'), 5), [])
  const { attempt } = said(550, 'spam')
  assert.deepEqual([at.observe({ attempt }, 6), at.observe({ attempt }, 7)], [[], []])
})

test('a path that sends less than it is slowed to is not made slower with time', () => {
  const at = reactor('[default.reactions.slow]\ncode = [450]\ndo = "slow"\nfor = "10m"\nper_minute = 60', 2)
  const [effect] = at.observe(said(450, 'slow down'), 0)
  assert(effect?.at === 'started')
  const { slope, until } = effect.live
  assert.deepEqual(slope, { low: 60, high: 60, since: 0 })
  assert.equal(rateAt(slope ?? assert.fail(), until, until), 60)
})
