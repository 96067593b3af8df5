/** Known receivers: what they bear, and that they say more in their own words. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { classifyReply } from '#engine/bounce'
import { baseOf, firstMatch, providerOf, resolve } from '#engine/rule'

import { shippedPersonalities } from '../../../test/shipped-rules.ts'

import { BEHAVIOURS, chooseBehaviour } from './choose.ts'
import type { Answer, Guest } from './guest.ts'
import { PERSONALITIES } from './personality.ts'
import { Receiver } from './receiver.ts'

const PERSONAL = shippedPersonalities()
const { rules: RULES, egress } = PERSONAL
const RECEIVERS = PERSONALITIES.map((known) => new Receiver(known, PERSONAL))

function one(name: string): Receiver {
  const personality = PERSONALITIES.find((known) => known.name === name)
  assert(personality)
  return new Receiver(personality, PERSONAL)
}

function said(verdict: Answer | undefined): string {
  if (verdict === undefined || !('reply' in verdict)) return verdict?.kind ?? 'nothing'
  const { code, lines, ...more } = verdict.reply
  return [verdict.kind, code, 'enhanced' in more ? more.enhanced : '', ...lines].filter(Boolean).join(' ')
}

test('each provider of the shipped rules has a personality, whose host and domains the rules know', () => {
  const played = new Set(PERSONALITIES.map(({ provider }) => provider))
  for (const { name } of RULES.providers) assert.ok(played.has(name), `nobody plays ${name}`)
  assert.equal(new Set(PERSONALITIES.map(({ address }) => address)).size, PERSONALITIES.length)
  for (const { domains, host, provider } of PERSONALITIES)
    for (const domain of [...domains, 'example.com']) {
      const isOwn = domain !== 'example.com'
      const found = providerOf(RULES, { domain, hosts: [host] })
      if (isOwn || found !== undefined) assert.equal(found, provider, domain)
    }
})

test('whom a personality does not know is taken for an unknown user, in its own words', () => {
  for (const { name, host, words } of PERSONALITIES) {
    const does = chooseBehaviour('unknown', words)?.behaviour
    assert(does?.does.kind === 'refuse', name)
    const { code, enhanced = '5.0.0', lines } = does.does.with
    const text = lines.join(' ').replace('<a>', '<jane@example.com>')
    const found = classifyReply({ stage: 'RCPT', code, enhanced, text, host, domain: 'example.com' })
    assert.equal(found.class, 'user-unknown', `${name}: ${text}`)
  }
})

test('the behaviours of the table are there', () => {
  const names = new Set(BEHAVIOURS.map(({ name }) => name))
  for (const { name, words } of PERSONALITIES)
    for (const behaviour of Object.values(words)) assert.ok(names.has(behaviour), `${name}: ${behaviour}`)
})

test('what is within the limits is taken, one more is answered in the receiver’s words', () => {
  const gmail = one('gmail')
  const guests = Array.from({ length: 5 }, () => gmail.arrived('127.0.0.1', 0))
  for (const guest of guests) assert.equal(guest.at('greeting'), undefined)
  assert.match(
    said(gmail.arrived('127.0.0.1', 0).at('greeting')),
    /^close 421 4\.7\.0 Try again later, closing/,
  )
  assert.equal(gmail.arrived('127.0.0.2', 0).at('greeting'), undefined, 'another address')
  guests[0]?.left()
  guests[0]?.left()
  assert.deepEqual(
    gmail.overruns.map(({ limit, client }) => [limit, client]),
    [['connections', '127.0.0.1']],
  )
})

test('messages are counted by the connection and in any second', () => {
  const yahoo = one('yahoo-japan')
  const guest = yahoo.arrived('127.0.0.1', 0)
  for (let n = 0; n < 10; n += 1) assert.equal(guest.mail(n), undefined)
  assert.equal(yahoo.overruns.length, 0)
  for (let n = 10; n < 20; n += 1) assert.equal(guest.mail(990 + n), undefined)
  assert.equal(yahoo.overruns.length, 0)
  const eleventh = yahoo.arrived('127.0.0.1', 1_000).mail(1_015)
  assert.deepEqual(
    yahoo.overruns.map(({ limit }) => limit),
    ['messages_per_second'],
  )
  assert.match(said(eleventh), /4\d\d/)
  guest.mail(5_000)
  assert.equal(yahoo.overruns.at(-1)?.limit, 'messages_per_connection')
})

test('recipients are counted over the session', () => {
  const docomo = one('docomo')
  const guest = docomo.arrived('127.0.0.1', 0)
  for (let n = 0; n < 100; n += 1) assert.equal(guest.rcpt(`a${n}`, n % 10, n), undefined)
  assert.equal(said(guest.rcpt('b', 1, 100)), 'refuse 552 too many recipients')
})

test('every sayable sample is understood by the reaction that it is of', () => {
  let tried = 0
  for (const receiver of RECEIVERS) {
    const { provider, host } = receiver.personality
    const named = provider === undefined ? {} : { provider }
    const { reactions } = resolve(RULES, baseOf(egress), { source: '', site: host, ...named })
    for (const { name, id, layer } of reactions) {
      // Those of every receiver stand behind its own.
      if (layer === 'default') continue
      const asked = receiver.asked(`react-${name}+x`)
      if (asked === undefined) continue
      tried += 1
      const found = firstMatch(reactions, asked.said)
      assert.equal(found?.name, name, id)
    }
  }
  assert.ok(tried > 20, `${tried}`)
})

test('an address asks for a reply of the rules, at its stage, as often as the reaction takes', () => {
  const docomo = one('docomo')
  const first = docomo.arrived('127.0.0.1', 0)
  assert.match(said(first.rcpt('react-busy', 0, 0)), /^close 421/)
  const next = docomo.arrived('127.0.0.1', 1)
  assert.match(said(next.at('greeting')), /^close 421 docomo\.ne\.jp Service not available/)
  const after = docomo.arrived('127.0.0.1', 2)
  assert.equal(after.at('greeting'), undefined)
  assert.equal(after.rcpt('react-busy', 0, 2), undefined, 'the next try of the same address is taken')
  const gmail: Guest = one('gmail').arrived('127.0.0.1', 0)
  assert.equal(gmail.rcpt('react-unusual-rate', 0, 0), undefined)
  assert.match(said(gmail.at('end of data')), /^close 421 4\.7\.28 .*unusual rate/)
  assert.equal(gmail.at('end of data'), undefined)
})

test('a stricter receiver bears a share of what the rules say, and at least one', () => {
  const [gmail] = PERSONALITIES
  assert(gmail)
  const strict = new Receiver(gmail, PERSONAL, { share: 0.5 })
  assert.equal(strict.connections, 2)
  assert.equal(new Receiver(gmail, PERSONAL, { share: 0.01 }).connections, 1)
})

function ofFresh(client: string): number | undefined {
  return client === 'fresh' ? 0 : undefined
}

test('from a client it does not know a receiver bears so much a day, and the next day more', () => {
  const known = PERSONALITIES.find(({ name }) => name === 'outlook')
  assert(known)
  const receiver = new Receiver(known, PERSONAL, { newcomers: { schedule: [2, 4], dayOf: ofFresh } })
  const send = (client: string, count: number, now: number): number => {
    let refused = 0
    for (let n = 0; n < count; n += 1) {
      const guest = receiver.arrived(client, now + n * 10_000)
      if (guest.mail(now + n * 10_000) !== undefined) refused += 1
      guest.left()
    }
    return refused
  }
  assert.equal(send('fresh', 5, 0), 3)
  assert.equal(send('known', 5, 0), 0)
  assert.equal(send('fresh', 5, 86_400_000), 1)
  assert.equal(send('fresh', 9, 2 * 86_400_000), 0)
  assert.deepEqual([...new Set(receiver.overruns.map(({ limit }) => limit))], ['warm_up.schedule'])
})
