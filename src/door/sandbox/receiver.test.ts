/** The receivers that the sandbox plays: what they bear, and that they say more in their own words. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { baseOf, firstMatch, providerOf, resolve } from '#engine/rule'

import { shippedPersonalities } from '../../../test/shipped-rules.ts'

import { BEHAVIOURS } from './behaviour.ts'
import { answer } from './name-server.ts'
import { PERSONALITIES } from './personality.ts'
import { Receiver } from './receiver.ts'
import type { Guest } from './receiver.ts'
import type { Verdict } from './verdict.ts'

const PERSONAL = shippedPersonalities()
const { rules: RULES, egress } = PERSONAL
const RECEIVERS = PERSONALITIES.map((known) => new Receiver(known, PERSONAL))

function one(name: string): Receiver {
  const personality = PERSONALITIES.find((known) => known.name === name)
  assert(personality)
  return new Receiver(personality, PERSONAL)
}

function said(verdict: Verdict | undefined): string {
  if (verdict === undefined || !('reply' in verdict)) return verdict?.kind ?? 'nothing'
  const { code, lines, ...more } = verdict.reply
  return [verdict.kind, code, 'enhanced' in more ? more.enhanced : '', ...lines].filter(Boolean).join(' ')
}

test('each domain leads to a host that the shipped rules know for the same provider', () => {
  const personas = new Set(PERSONALITIES.map(({ address }) => address))
  assert.equal(personas.size, PERSONALITIES.length)
  for (const { domains, host, provider, address } of PERSONALITIES) {
    for (const domain of domains) {
      assert.equal(providerOf(RULES, { domain, hosts: [host] }), provider, domain)
      const found = answer({ name: domain, type: 'MX' }, { v6: false, personas, receivers: RECEIVERS })
      assert(found.kind === 'records')
      assert.deepEqual(found.records[0]?.data, { preference: 10, exchange: host })
    }
    const a = answer({ name: host, type: 'A' }, { v6: false, personas, receivers: RECEIVERS })
    assert(a.kind === 'records')
    assert.equal(a.records[0]?.data, address)
  }
})

test('a label leads to a receiver that is known by its host, but not as the last', () => {
  const personas = new Set(PERSONALITIES.map(({ address }) => address))
  const around = { v6: false, personas, receivers: RECEIVERS }
  const exchange = (name: string, addresses = around): unknown => {
    const found = answer({ name, type: 'MX' }, addresses)
    if (found.kind !== 'records') return found.kind
    const data = found.records[0]?.data as { readonly exchange: string } | undefined
    return data?.exchange
  }
  assert.equal(exchange('shop.gmail.test'), 'gmail-smtp-in.l.google.com')
  assert.equal(exchange('shop.softbank.test'), 'mx.sandbox.test')
  assert.equal(exchange('example.com.au'), 'mx.sandbox.test')
  assert.equal(exchange('gmail.com', { ...around, receivers: [] }), 'mx.sandbox.test')
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
    const { reactions } = resolve(RULES, baseOf(egress), { source: '', site: host, provider })
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
