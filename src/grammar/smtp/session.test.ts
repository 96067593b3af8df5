import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'

import type { ReversePath } from '#grammar/address'

import { formatReply, reply } from './reply.ts'
import type { Reply } from './reply.ts'
import type { Action, Event, Session, Step } from './session-state.ts'
import type { Terms } from './session-terms.ts'
import { greet, step } from './session.ts'

/*
 * A dialogue reads as the examples of RFC 5321 appendix D do; `…` stands for any text.
 *
 *   with: tls=starttls recipients=2    what the listener grants, where it is not the default
 *   C: MAIL FROM:<a@example.com>       the client's line
 *   C! nul                             the client's line, not a line
 *   S: 250 …                           our reply, line by line; `250-…` stands for the rest of that reply
 *   S+ STARTTLS     S- AUTH…           the reply before has, has not, a line that says so
 *   A: open a@example.com acme         what the session asks of its driver
 *   D: denied 535 5.7.8 No             the driver's answer
 *
 * `open` and `recipient` that are not spelled out are answered with `opened` and `addressed`.
 */

const defaults: Record<string, string> = {
  hostname: 'mail.example.com',
  tls: 'starttls',
  auth: 'required',
  authWithoutTls: 'no',
  requireTls: 'no',
  relays: 'yes',
  xclient: 'no',
  secure: 'no',
  trusted: '',
  commands: '100',
  errors: '10',
  recipients: '100',
  transactions: '100',
  size: '1000000',
}

/** 2026-11-22T00:00:00Z */
const NOW = 1_795_305_600_000
const at = { now: () => NOW, nonce: () => 'nonce' }

for (const file of globSync(`${import.meta.dirname}/dialogues/*.txt`).toSorted()) {
  test(`dialogue ${basename(file, '.txt')}`, () => {
    const lines = readFileSync(file, 'utf8').split('\n')
    const settings = { ...defaults }
    for (const line of lines) {
      if (line.startsWith('with: ')) for (const word of line.slice(6).split(' ')) set(settings, word)
    }
    play(lines, new Actors(settings), basename(file))
  })
}

function set(settings: Record<string, string>, word: string): void {
  const [name = '', value = ''] = word.split('=')
  assert.ok(name in settings, `no setting ${name}`)
  settings[name] = value
}

function play(lines: readonly string[], actors: Actors, name: string): void {
  for (const [number, line] of lines.entries()) {
    const where = `${name}:${number + 1}`
    const rest = line.slice(3)
    if (line.startsWith('C: ')) actors.hears({ kind: 'line', line: { kind: 'line', text: rest } }, where)
    if (line.startsWith('C! '))
      actors.hears({ kind: 'line', line: { kind: 'fault', fault: rest as 'nul' } }, where)
    if (line.startsWith('D: ')) actors.hears(answer(rest), where)
    if (line.startsWith('A: ')) actors.asked(rest, where)
    if (line.startsWith('S: ')) actors.says(rest, where)
    if (line.startsWith('S+ '))
      assert.ok(
        actors.recent.some((said) => said.slice(4).match(pattern(rest))),
        where,
      )
    if (line.startsWith('S- '))
      assert.ok(!actors.recent.some((said) => said.slice(4).match(pattern(rest))), where)
  }
  actors.silent(`${name}: end`)
}

class Actors {
  readonly terms: Terms
  session: Session
  recent: string[] = []
  #unread: string[] = []
  #action: Action | undefined

  constructor(settings: Record<string, string>) {
    this.terms = termsOf(settings)
    const trusted = settings['trusted'] === '' ? undefined : identityOf(settings['trusted'] ?? '')
    const first = greet(this.terms, settings['secure'] === 'yes', trusted)
    this.session = first.session
    this.#take(first)
  }

  hears(event: Event, where: string): void {
    if (event.kind === 'line') this.#answerSilently()
    this.silent(where)
    this.#take(this.#step(event))
  }

  asked(expected: string, where: string): void {
    assert.match(
      this.#action === undefined ? 'nothing' : formatAction(this.#action),
      pattern(expected),
      where,
    )
    this.#action = undefined
  }

  says(expected: string, where: string): void {
    this.#answerSilently()
    const said = this.#unread.shift() ?? 'nothing'
    assert.match(said, pattern(expected), where)
    if (expected === '250-…') while (this.#unread.shift()?.startsWith('250-')) continue
  }

  #answerSilently(): void {
    if (this.#action?.kind === 'open') this.#take(this.#step({ kind: 'opened' }))
    if (this.#action?.kind === 'recipient') this.#take(this.#step({ kind: 'addressed' }))
  }

  silent(where: string): void {
    assert.deepEqual(this.#unread, [], where)
    assert.equal(this.#action && formatAction(this.#action), undefined, where)
  }

  #step(event: Event): Step {
    this.#action = undefined
    return step(this.session, event, { ...at, terms: this.terms })
  }

  #take({ session, replies, action }: Step): void {
    this.session = session
    this.#action = action
    this.recent = replies.flatMap((said) => formatReply(said).split('\r\n').slice(0, -1))
    this.#unread.push(...this.recent)
  }
}

function termsOf(settings: Record<string, string>): Terms {
  const yes = (name: string): boolean => settings[name] === 'yes'
  const number = (name: string): number => Number(settings[name])
  return {
    hostname: settings['hostname'] ?? '',
    tls: settings['tls'] as Terms['tls'],
    auth: settings['auth'] as Terms['auth'],
    authWithoutTls: yes('authWithoutTls'),
    requireTls: yes('requireTls'),
    relays: yes('relays'),
    xclient: yes('xclient'),
    limits: {
      commands: number('commands'),
      errors: number('errors'),
      recipients: number('recipients'),
      transactions: number('transactions'),
      size: number('size'),
      holdMaximum: 86_400_000,
      deliverByMinimum: 60_000,
      looseDots: ['docomo.ne.jp', '*.ezweb.ne.jp'],
    },
  }
}

function identityOf(text: string): { organization: string; stream: string; login?: string } {
  const [organization = '', login] = text.split('/')
  return { organization, stream: 'transactional', ...(login === undefined ? {} : { login }) }
}

const answers: Record<string, (words: readonly string[]) => Event> = {
  opened: (words) => (words.length === 0 ? { kind: 'opened' } : { kind: 'opened', reply: replyOf(words) }),
  addressed: (words) => {
    if (words.length === 0) return { kind: 'addressed' }
    const fault = words[0] === 'fault'
    return { kind: 'addressed', reply: replyOf(fault ? words.slice(1) : words), fault }
  },
  granted: ([who = '']) => ({ kind: 'granted', identity: identityOf(who) }),
  denied: (words) => ({ kind: 'denied', reply: replyOf(words) }),
  content: (words) =>
    words[0] === 'close'
      ? { kind: 'content', reply: replyOf(words.slice(1)), close: true }
      : { kind: 'content', reply: replyOf(words) },
  chunk: ([size, ...words]) => ({
    kind: 'chunk',
    size: Number(size),
    ...(words.length === 0 ? {} : { reply: replyOf(words) }),
  }),
  proxied: ([who = '', ...said]) => ({
    kind: 'proxied',
    ...(who === 'nobody' ? {} : { identity: identityOf(who) }),
    ...Object.fromEntries(said.map((word) => word.split('=')).map(([name, value]) => [name, value || null])),
  }),
  secured: () => ({ kind: 'secured' }),
}

function answer(text: string): Event {
  const [kind = '', ...words] = text.split(' ')
  const event = answers[kind]?.(words)
  assert.ok(event !== undefined, `no answer ${kind}`)
  return event
}

function replyOf([code, enhanced, ...text]: readonly string[]): Reply {
  return reply(Number(code), enhanced ?? '', text.join(' '))
}

function formatAction(action: Action): string {
  switch (action.kind) {
    case 'open':
      return `open ${formatFrom(action.from)} ${action.identity.organization}`
    case 'recipient':
      return `recipient ${formatFrom(action.to)} ${action.identity.organization}`
    case 'login':
      return Object.values(action.question).join(' ')
    case 'data':
      return `data ${formatOffer(action.offer)}`
    case 'chunk':
      return `chunk ${action.size}${action.last ? ' last' : ''} ${formatOffer(action.offer)}`
    case 'skip':
      return `skip ${action.size}`
    case 'xclient':
      return `xclient ${JSON.stringify(action.attributes)}`
    case 'close':
    case 'starttls':
    case 'beware':
      return action.kind
  }
}

function formatFrom(from: ReversePath): string {
  return from === null ? '<>' : `${from.local}@${from.domain}`
}

function formatOffer(offer: Extract<Action, { kind: 'data' }>['offer']): string {
  const { from, to, ...rest } = offer.envelope
  const path = formatFrom(from)
  const said = Object.entries(rest).filter(([, value]) => value !== false && value !== 0 && value !== '7bit')
  const parameters = said.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join('')
  const recipients = to.map((each) => `${each.to.local}@${each.to.domain}`).join(',')
  return `${offer.protocol} ${offer.client} ${path} ${recipients}${parameters}`
}

function pattern(expected: string): RegExp {
  const parts = expected.split('…').map((text) => RegExp.escape(text))
  return new RegExp(`^${parts.join('.*')}$`)
}

test('an event that nobody waits for is the fault of the driver, not of the peer', () => {
  const terms = termsOf(defaults)
  const { session } = greet(terms, false)
  assert.throws(() => step(session, { kind: 'opened' }, { ...at, terms }), /opened while greeted/)
  assert.throws(() => step(session, { kind: 'secured' }, { ...at, terms }), /secured while greeted/)
})
