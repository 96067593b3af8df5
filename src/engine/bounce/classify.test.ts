import assert from 'node:assert/strict'
import test from 'node:test'

import fc from 'fast-check'

import { character } from '../../../test/character.ts'

import { classifyFinal, classifyReply } from './classify.ts'
import type { Classified } from './classify.ts'
import type { Said } from './rule.ts'

/** No rule knows such words. */
const NOTHING_KNOWN = 'zq'

function reply(said: Partial<Said>): Classified {
  return classifyReply({ code: 550, enhanced: '', text: NOTHING_KNOWN, ...said })
}

test('words decide before codes', () => {
  const { class: name } = reply({ enhanced: '5.1.1', text: 'Mailbox full' })
  assert.equal(name, 'mailbox-full')
})

test('what a host is called is no word of it', () => {
  for (const text of [
    'host spamrelay.example.com[192.0.2.1] said: zq',
    'host spam.example.com [192.0.2.1]: zq',
    'zq antivirus.example.com[192.0.2.1]:25 zq',
    '... while talking to spamgw.example.com.: zq',
    'zq name=spam-mail.example type=MX: zq',
  ])
    assert.equal(reply({ code: 554, text }).class, 'other', text)
})

test('the enhanced status code decides where words do not, and names itself', () => {
  assert.deepEqual(reply({ enhanced: '5.2.2' }), {
    class: 'mailbox-full',
    type: 'soft',
    rule: 'status 5.2.2',
  })
  assert.equal(reply({ enhanced: '5.7.999' }).class, 'policy')
})

function at(stage: string): readonly string[] {
  const { class: name, rule } = reply({ enhanced: '5.0.0', stage })
  return [name, rule]
}

test('a status code that says nothing leaves it to the reply code and the stage', () => {
  assert.deepEqual(at('RCPT'), ['user-unknown', 'code 550 at RCPT'])
  assert.deepEqual(at('MAIL'), ['sender-rejected', 'code 550 at MAIL'])
  assert.deepEqual(at('greeting'), ['reputation', 'code 550 at greeting'])
  assert.deepEqual(at('end of data'), ['other', 'none'])
  assert.deepEqual(at('of a later version'), ['other', 'none'])
})

test('an unknown address is the sender where only the sender was named', () => {
  const text = '<me@example.com>: user unknown'
  assert.equal(reply({ stage: 'RCPT', text }).class, 'user-unknown')
  assert.equal(reply({ stage: 'MAIL', text }).class, 'sender-rejected')
  assert.equal(reply({ enhanced: '5.1.8', text: 'Domain not found' }).class, 'sender-rejected')
  assert.equal(reply({ stage: 'MAIL', enhanced: '5.1.0' }).class, 'sender-rejected')
})

test('who refuses before anybody is named refuses the host that connects', () => {
  const text = 'ERROR: Mail refused'
  assert.equal(reply({ code: 554, stage: 'RCPT', text }).class, 'policy')
  assert.equal(reply({ code: 554, stage: 'greeting', text }).class, 'reputation')
  assert.equal(reply({ code: 501, stage: 'EHLO', text: 'Invalid domain name' }).class, 'reverse-dns')
})

test('what is exceeded is told apart: hops, a quota of ours, a mailbox, a size', () => {
  const words = [
    'Hop count exceeded',
    'Daily sending quota exceeded',
    'Quota exceeded',
    'Message size exceeded',
  ]
  assert.deepEqual(
    words.map((text) => reply({ text }).class),
    ['network', 'rate', 'mailbox-full', 'too-big'],
  )
})

test('a transient reply is soft while it is tried, and hard once it was given up', () => {
  const unknown = { code: 450, enhanced: '4.1.1', text: 'User unknown' }
  assert.equal(classifyReply(unknown).type, 'soft')
  assert.equal(classifyFinal(unknown, []).type, 'hard')
})

test('of a delivery that was given up, further words are asked when the nearest say nothing', () => {
  const { rule, class: name } = classifyFinal({ code: 550, enhanced: '5.0.0', text: NOTHING_KNOWN }, [
    '',
    'Over quota',
  ])
  assert.deepEqual([name, rule], ['mailbox-full', 'mailbox-full/words'])
})

test('words within an address mean nothing', () => {
  assert.equal(reply({ text: '<mailbox-full@user-unknown.example>' }).class, 'other')
})

test('rules of a receiver hold for its hosts and its domains, and for no others', () => {
  const text = 'Unknown user a@docomo.ne.jp'
  const stage = 'end of data'
  const classes = [
    { domain: 'docomo.ne.jp' },
    { host: 'mfsmax.docomo.ne.jp' },
    { host: 'mx.notdocomo.ne.jp' },
  ].map((where) => reply({ text, stage, ...where }).class)
  assert.deepEqual(classes, ['filtered', 'filtered', 'user-unknown'])
})

test('a recipient that is refused for a reason of another kind is not unknown', () => {
  const classes = [
    'Recipient address rejected: unverified address: connect to mx.example.com[192.0.2.1]:25: Connection refused',
    'Recipient address rejected: unverified address: Address verification in progress',
    'Recipient address rejected: Server configuration problem',
    'The user does not accept mail in non-Western (non-Latin) character sets.',
    'delivery temporarily suspended: connect to mx.example.com[192.0.2.1]:25: No route to host',
  ].map((text) => reply({ text, code: 450 }).class)
  assert.deepEqual(classes, ['network', 'greylisted', 'system-error', 'content', 'network'])
})

test('one reply is classed the same however often it comes', () => {
  const said = { text: 'greylisted, come back later', code: 451 }
  assert.deepEqual(reply(said), reply(said))
  assert.deepEqual(reply({ text: NOTHING_KNOWN }), reply({ text: NOTHING_KNOWN }))
})

test('no words make it throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: character, maxLength: 200 }),
      fc.integer({ min: 0, max: 999 }),
      (text, code) => {
        classifyReply({ code, enhanced: text, text, host: text, domain: text, stage: text })
      },
    ),
    { numRuns: 200 },
  )
})
