import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { reply } from './reply.ts'
import type { Action, Event, Session, Step, Surroundings } from './session-state.ts'
import { greet, step } from './session.ts'

const identity = { organization: 'acme', stream: 'transactional' }

const at: Surroundings = {
  terms: {
    hostname: 'mail.example.com',
    tls: 'starttls',
    auth: 'optional',
    authWithoutTls: true,
    requireTls: false,
    relays: true,
    xclient: false,
    limits: {
      commands: 1000,
      errors: 1000,
      recipients: 3,
      transactions: 1000,
      size: 1000,
      holdMaximum: 1000,
      deliverByMinimum: 1000,
      looseDots: ['docomo.ne.jp', '*.ezweb.ne.jp'],
    },
  },
  now: () => 0,
  nonce: () => 'nonce',
}

const lines = [
  'EHLO client.example.org',
  'HELO client.example.org',
  'MAIL FROM:<a@example.org>',
  'MAIL FROM:<>',
  'MAIL FROM:<b@example.org> BODY=BINARYMIME',
  'MAIL FROM:<a@example.org> SIZE=9999',
  'MAIL FROM:nobody',
  'RCPT TO:<jane@example.com>',
  'RCPT TO:<joe@example.com>',
  'RCPT TO:<@>',
  'DATA',
  'BDAT 10',
  'BDAT 10 LAST',
  'BDAT 0 LAST',
  'BDAT x',
  'RSET',
  'NOOP',
  'VRFY x',
  'STARTTLS',
  'AUTH PLAIN AGFsaWNlAHNlY3JldA==',
  'AUTH PLAIN',
  '*',
  'JUNK',
] as const

/** How the driver answers, chosen by chance as well. */
type Turn = { readonly line: (typeof lines)[number]; readonly good: boolean }

/**
 * The model: what a reader of RFC 5321 keeps in mind. It looks at lines and replies only, never into the session,
 * and says when content may be taken and for whom.
 */
class Model {
  greeted = false
  inMail = false
  binary = false
  recipients: string[] = []
  chunks = 0
  deliveries = 0

  reset(): void {
    this.inMail = false
    this.recipients = []
    this.chunks = 0
  }

  sees(line: string, code: number): void {
    const word = line.split(' ')[0] ?? ''
    if (code === 220 || (code === 250 && ['EHLO', 'HELO', 'RSET'].includes(word))) this.reset()
    if (code === 220) this.greeted = false
    if (code !== 250) return
    if (word === 'EHLO' || word === 'HELO') this.greeted = true
    if (word === 'MAIL') this.#mail(line)
    if (word === 'RCPT') this.#rcpt(line)
  }

  #mail(line: string): void {
    assert.ok(this.greeted && !this.inMail, 'MAIL in its place')
    this.inMail = true
    this.binary = line.includes('BINARYMIME')
  }

  #rcpt(line: string): void {
    assert.ok(this.inMail && this.chunks === 0, 'RCPT in its place')
    const to = line.slice('RCPT TO:<'.length, -1)
    if (!this.recipients.includes(to)) this.recipients.push(to)
  }

  takes(action: Extract<Action, { kind: 'data' | 'chunk' }>): void {
    assert.ok(this.inMail, 'content in a transaction')
    assert.ok(this.recipients.length > 0, 'content for somebody')
    assert.deepEqual(
      action.offer.envelope.to.map(({ to }) => `${to.local}@${to.domain}`),
      this.recipients,
    )
    if (action.kind === 'data') assert.ok(!this.binary && this.chunks === 0, 'DATA alone')
    else this.chunks += 1
  }

  /** What the driver said of the content. */
  told(event: Event): void {
    if (event.kind === 'content' && event.reply.code === 250) this.deliveries += 1
    if (event.kind === 'content' || (event.kind === 'chunk' && event.reply !== undefined)) this.reset()
  }
}

function play(turns: readonly Turn[]): number {
  const model = new Model()
  let session: Session = greet(at.terms, false, identity).session
  for (const { line, good } of turns) {
    if (session.at === 'closed') break
    const next = converse(
      model,
      step(session, { kind: 'line', line: { kind: 'line', text: line } }, at),
      good,
    )
    session = next.session
    if (session.at !== 'challenged') model.sees(line, next.replies[0]?.code ?? 0)
  }
  return model.deliveries
}

/** Answers what the session asks until it asks no more; all its replies together. */
function converse(model: Model, first: Step, good: boolean): Step {
  const { action } = first
  if (action?.kind === 'data' || action?.kind === 'chunk') model.takes(action)
  const event = action === undefined ? undefined : answerTo(action, good)
  if (event === undefined) return first
  model.told(event)
  const next = converse(model, step(first.session, event, at), good)
  return { ...next, replies: [...first.replies, ...next.replies] }
}

const ASKED: ReadonlyMap<string, 'opened' | 'addressed'> = new Map([
  ['open', 'opened'],
  ['recipient', 'addressed'],
])

function answerTo(action: Action, good: boolean): Event | undefined {
  const word = reply(good ? 250 : 550, good ? '2.0.0' : '5.7.1', 'So it is')
  const refusal = good ? {} : { reply: word }
  const asked = ASKED.get(action.kind)
  if (asked !== undefined) return { kind: asked, ...refusal }
  if (action.kind === 'chunk' && !action.last) return { kind: 'chunk', size: action.size, ...refusal }
  if (action.kind === 'data' || action.kind === 'chunk') return { kind: 'content', reply: word }
  if (action.kind === 'starttls') return { kind: 'secured' }
  if (action.kind !== 'login') return undefined
  return good
    ? { kind: 'granted', identity: { ...identity, login: 'alice' } }
    : { kind: 'denied', reply: word }
}

test('no sequence of commands gets content taken outside a transaction with recipients', () => {
  const turn = fc.record({ line: fc.constantFrom(...lines), good: fc.boolean() })
  fc.assert(
    fc.property(fc.array(turn, { minLength: 5, maxLength: 60 }), (turns) => {
      play(turns)
    }),
  )
})

// Chance alone seldom writes a whole transaction: here it follows a walk that tends to, 100,000 commands long.
test('100,000 commands, most of them in order, agree with the model', () => {
  const likely = [
    'EHLO client.example.org',
    'MAIL FROM:<a@example.org>',
    'RCPT TO:<jane@example.com>',
    'DATA',
  ] as const
  let seed = 20_261_122
  const random = (below: number): number => {
    // Park and Miller: the same walk each time, and a failure can be walked again.
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  let deliveries = 0
  for (let run = 0; run < 1000; run += 1) {
    const turns = Array.from({ length: 100 }, (_, i): Turn => {
      const line = random(6) === 0 ? lines[random(lines.length)] : likely[i % likely.length]
      return { line: line ?? 'NOOP', good: random(5) > 0 }
    })
    deliveries += play(turns)
  }
  assert.ok(deliveries > 1000, `${deliveries} deliveries`)
})
