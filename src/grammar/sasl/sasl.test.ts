import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { clientStart, clientStep, mayEnd } from './client.ts'
import type { ClientStep } from './client.ts'
import { prepare } from './prepare.ts'
import { scramVerifier, verifierFromSalted } from './scram.ts'
import { isCancel, parseMechanism, resume, start, step } from './server.ts'
import type { Mechanism, ServerStep, Waiting } from './server.ts'

function b64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function plain(base64: string): string {
  return Buffer.from(base64, 'base64').toString()
}

function challenge(said: ServerStep): { text: string; state: Waiting } {
  assert(said.at === 'challenge', JSON.stringify(said))
  return said
}

function refusal(said: ServerStep): string {
  assert(said.at === 'refused', JSON.stringify(said))
  return `${said.kind}: ${said.why}`
}

function responds(said: ClientStep): Extract<ClientStep, { at: 'respond' }> {
  assert(said.at === 'respond', JSON.stringify(said))
  return said
}

test('PLAIN gives the pair, at once or after an empty challenge. RFC 4616', () => {
  const pair = { at: 'check', login: 'tim', password: 'tanstaaf tanstaaf' }
  assert.deepEqual(start('PLAIN', 'n', b64('\0tim\0tanstaaf tanstaaf')), pair)
  assert.deepEqual(start('PLAIN', 'n', b64('tim\0tim\0tanstaaf tanstaaf')), pair)
  const waiting = challenge(start('PLAIN', 'n'))
  assert.equal(waiting.text, '')
  assert.deepEqual(step(waiting.state, b64('\0tim\0tanstaaf tanstaaf')), pair)
})

const badPlain: [title: string, response: string, refused: string][] = [
  ['another authorization identity', b64('kurt\0tim\0x'), 'failed: another authorization identity'],
  ['two fields', b64('tim\0x'), 'malformed: not three fields'],
  ['four fields', b64('\0tim\0x\0'), 'malformed: not three fields'],
  ['no name', b64('\0\0x'), 'malformed: no name or no password'],
  ['no password', b64('\0tim\0'), 'malformed: no name or no password'],
  ['control characters', b64('\0tim\0x\r'), 'malformed: no name or no password'],
  ['an empty response', '=', 'malformed: not three fields'],
  ['no base64', '*', 'malformed: not base64 of UTF-8'],
  ['base64 with space', 'AHRpbQB4 ', 'malformed: not base64 of UTF-8'],
  ['base64 without padding', 'AHRpbQB4eA', 'malformed: not base64 of UTF-8'],
  ['base64 with bits to spare', 'AHRpbQB4eB==', 'malformed: not base64 of UTF-8'],
  ['base64 of the web', 'AHRpbQD_', 'malformed: not base64 of UTF-8'],
  [
    'octets that are not UTF-8',
    Buffer.from('\0t\xffm\0x', 'latin1').toString('base64'),
    'malformed: not base64 of UTF-8',
  ],
  ['a response of a megabyte', b64(`\0tim\0${'x'.repeat(1_000_000)}`), 'malformed: not base64 of UTF-8'],
]
for (const [title, response, refused] of badPlain)
  test(`PLAIN with ${title} is refused`, () => assert.equal(refusal(start('PLAIN', 'n', response)), refused))

test('LOGIN asks for the name and then the password', () => {
  const first = challenge(start('LOGIN', 'n'))
  assert.equal(plain(first.text), 'Username:')
  const second = challenge(step(first.state, b64('tim')))
  assert.equal(plain(second.text), 'Password:')
  assert.deepEqual(step(second.state, b64('secret')), { at: 'check', login: 'tim', password: 'secret' })
  assert.equal(plain(challenge(start('LOGIN', 'n', b64('tim'))).text), 'Password:')
  assert.equal(refusal(step(first.state, '')), 'malformed: no name')
  assert.equal(refusal(step(second.state, '')), 'malformed: no name or no password')
})

// RFC 7677 §3: the whole exchange, octet by octet.
const EXAMPLE = {
  verifier: scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096),
  nonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  clientFinal:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
}

function afterFirst(first = EXAMPLE.clientFirst): { text: string; state: Waiting } {
  const lookup = start('SCRAM-SHA-256', EXAMPLE.nonce, b64(first))
  assert(lookup.at === 'lookup', JSON.stringify(lookup))
  return challenge(resume(lookup.first, EXAMPLE.verifier))
}

test('SCRAM-SHA-256 goes as in the example of RFC 7677 §3, on both sides', () => {
  const first = afterFirst()
  assert.equal(plain(first.text), EXAMPLE.serverFirst)
  const final = challenge(step(first.state, b64(EXAMPLE.clientFinal)))
  assert.equal(plain(final.text), EXAMPLE.serverFinal)
  assert.deepEqual(step(final.state, ''), { at: 'proved', login: 'user' })

  const began = responds(
    clientStart('SCRAM-SHA-256', { login: 'user', password: 'pencil', nonce: 'rOprNGfwEbeRWgbNEkqO' }),
  )
  assert.equal(plain(began.text), EXAMPLE.clientFirst)
  const proved = responds(clientStep(began.state, b64(EXAMPLE.serverFirst)))
  assert.equal(plain(proved.text), EXAMPLE.clientFinal)
  assert.equal(mayEnd(proved.state), false)
  const ended = responds(clientStep(proved.state, b64(EXAMPLE.serverFinal)))
  assert.equal(ended.text, '')
  assert.equal(mayEnd(ended.state), true)
})

test('SCRAM without an initial response begins with an empty challenge', () => {
  const empty = challenge(start('SCRAM-SHA-256', EXAMPLE.nonce))
  assert.equal(empty.text, '')
  assert.equal(step(empty.state, b64(EXAMPLE.clientFirst)).at, 'lookup')
})

test('a verifier from PBKDF2 done elsewhere is the same', () => {
  const salted = Buffer.from('xKSVEDI6tPlSysH6mUQZOeeOp01r6B3fcJbodRPcYV0=', 'base64')
  const { salt, iterations, storedKey, serverKey } = EXAMPLE.verifier
  assert.deepEqual(verifierFromSalted(salted, salt, iterations), { salt, iterations, storedKey, serverKey })
})

test('verifiers are not made of nothing, nor too quickly. RFC 7677 §4', () => {
  assert.throws(() => scramVerifier('', Buffer.alloc(16), 4096), RangeError)
  assert.throws(() => scramVerifier('a\0', Buffer.alloc(16), 4096), RangeError)
  assert.throws(() => scramVerifier('pencil', Buffer.alloc(16), 4095), RangeError)
})

const badFirst: [title: string, message: string, refused: string][] = [
  ['channel binding', 'p=tls-exporter,,n=user,r=abc', 'failed: channel-binding-not-supported'],
  ['no gs2-header', 'n=user,r=abc', 'malformed: no gs2-header'],
  ['nothing', '', 'malformed: no gs2-header'],
  ['another authorization identity', 'n,a=root,n=user,r=abc', 'failed: another authorization identity'],
  ['no nonce', 'n,,n=user,r=', 'malformed: other-error'],
  ['a nonce with space', 'n,,n=user,r=a b', 'malformed: other-error'],
  ['no name', 'n,,n=,r=abc', 'malformed: other-error'],
  ['a name with a wrong escape', 'n,,n=us=2fer,r=abc', 'malformed: other-error'],
  ['an extension that must be understood', 'n,,m=x,n=user,r=abc', 'malformed: other-error'],
  ['one that comes later', 'n,,n=user,r=abc,m=x', 'malformed: other-error'],
]
for (const [title, message, refused] of badFirst)
  test(`SCRAM begun with ${title} is refused`, () =>
    assert.equal(refusal(start('SCRAM-SHA-256', 'xyz', b64(message))), refused))

test('SCRAM takes `y`, its own authorization identity, escaped names and extensions. RFC 5802 §5.1', () => {
  const said = start('SCRAM-SHA-256', 'xyz', b64('y,a=u=2Cs=3Der,n=u=2Cs=3Der,r=abc,x=later'))
  assert(said.at === 'lookup')
  assert.equal(said.login, 'u,s=er')
  assert.equal(said.first.nonce, 'abcxyz')
})

const badFinal: [title: string, message: string, refused: string][] = [
  ['a wrong proof', EXAMPLE.clientFinal.replace('dHzb', 'eHzb'), 'failed: invalid-proof'],
  ['a proof of another length', EXAMPLE.clientFinal.replace(/p=.*/, 'p=AAAA'), 'malformed: invalid-encoding'],
  ['no proof', 'c=biws,r=abc', 'malformed: invalid-encoding'],
  [
    'another gs2-header than at first',
    EXAMPLE.clientFinal.replace('biws', 'eSws'),
    'failed: channel-bindings-dont-match',
  ],
  ['another nonce', EXAMPLE.clientFinal.replace('r=rOpr', 'r=sOpr'), 'failed: other-error'],
  [
    'the nonce of the client alone',
    EXAMPLE.clientFinal.replace('%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0', ''),
    'failed: other-error',
  ],
  ['nothing', '', 'malformed: invalid-encoding'],
]
for (const [title, message, refused] of badFinal)
  test(`SCRAM ended with ${title} is refused`, () =>
    assert.equal(refusal(step(afterFirst().state, b64(message))), refused))

test('SCRAM begun with `y` and ended with `n` was changed on the way', () => {
  assert.equal(
    refusal(step(afterFirst('y,,n=user,r=rOprNGfwEbeRWgbNEkqO').state, b64(EXAMPLE.clientFinal))),
    'failed: channel-bindings-dont-match',
  )
})

test('words after the end of SCRAM are none', () => {
  const final = challenge(step(afterFirst().state, b64(EXAMPLE.clientFinal)))
  assert.equal(refusal(step(final.state, b64('x'))), 'malformed: words after the end')
})

const lies: [title: string, first: string, final: string][] = [
  ['a nonce that is not ours', EXAMPLE.serverFirst.replace('r=rOpr', 'r=sOpr'), ''],
  ['our nonce alone', 'r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096', ''],
  ['few iterations', EXAMPLE.serverFirst.replace('4096', '1'), ''],
  ['iterations for an hour', EXAMPLE.serverFirst.replace('4096', '4294967295'), ''],
  ['no salt', EXAMPLE.serverFirst.replace('W22ZaJ0SNY7soEsUEjb6gQ==', ''), ''],
  ['no words', '', ''],
  ['a signature of somebody else', EXAMPLE.serverFirst, EXAMPLE.serverFinal.replace('6rri', '7rri')],
  ['an error', EXAMPLE.serverFirst, 'e=invalid-proof'],
  ['nothing at the end', EXAMPLE.serverFirst, ''],
]
for (const [title, first, final] of lies) {
  test(`a client does not believe a SCRAM server with ${title}`, () => {
    const began = responds(
      clientStart('SCRAM-SHA-256', { login: 'user', password: 'pencil', nonce: 'rOprNGfwEbeRWgbNEkqO' }),
    )
    const proved = clientStep(began.state, b64(first))
    const ended = proved.at === 'respond' ? clientStep(proved.state, b64(final)) : proved
    assert.equal(ended.at, 'abort')
  })
}

/** Lets the two sides talk; the login and the password that the server ends with. */
function converse(mechanism: Mechanism, login: string, password: string): string | undefined {
  const verifier =
    mechanism === 'SCRAM-SHA-256' ? scramVerifier(password, Buffer.from('salt'), 4096) : EXAMPLE.verifier
  let client = clientStart(mechanism, { login, password, nonce: 'abc' })
  if (client.at === 'abort') return undefined
  let server = start(mechanism, 'xyz', client.text === '' ? undefined : client.text)
  for (let i = 0; i < 5; i += 1) {
    if (server.at === 'lookup') server = resume(server.first, verifier)
    if (server.at !== 'challenge') break
    client = clientStep(client.state, server.text)
    assert(client.at === 'respond', JSON.stringify(client))
    server = step(server.state, client.text)
  }
  assert.equal(mayEnd(client.state), true)
  if (server.at === 'check') return `${server.login} ${server.password}`
  assert(server.at === 'proved', JSON.stringify(server))
  return `${server.login} ${password}`
}

test('our client and our server understand each other, whatever the name and the password', () => {
  const word = fc.string({
    unit: fc.constantFrom('a', 'B', '=', ',', 'é', '日', '😀', ' ', '"', 'r='),
    minLength: 1,
    maxLength: 30,
  })
  for (const mechanism of ['PLAIN', 'LOGIN', 'SCRAM-SHA-256'] as const)
    fc.assert(
      fc.property(word, word, (login, password) =>
        assert.equal(
          converse(mechanism, login, password),
          `${login.normalize('NFKC')} ${password.normalize('NFKC')}`,
        ),
      ),
      { numRuns: mechanism === 'SCRAM-SHA-256' ? 5 : 50 },
    )
})

test('no response makes the server throw', () => {
  const waiting = (['PLAIN', 'LOGIN', 'SCRAM-SHA-256'] as const).map(
    (mechanism) => challenge(start(mechanism, 'xyz')).state,
  )
  const states = fc.constantFrom(...waiting, afterFirst().state)
  const responses = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc
      .string({ unit: fc.constantFrom('n', ',', '=', 'r', 'a', 'y', 'c', 'p', '\0', '%'), maxLength: 30 })
      .map(b64),
  )
  fc.assert(
    fc.property(states, responses, (state, response) => assert.notEqual(step(state, response).at, 'proved')),
  )
})

test('mechanisms are named in any case, and the star cancels. RFC 4954 §4', () => {
  assert.equal(parseMechanism('scram-sha-256'), 'SCRAM-SHA-256')
  assert.equal(parseMechanism('CRAM-MD5'), undefined)
  assert.equal(parseMechanism('__proto__'), undefined)
  assert.equal(isCancel('*'), true)
  assert.equal(isCancel('**'), false)
})

const prepared: [text: string, as: string | undefined][] = [
  // The examples of RFC 4013 §3, but for the one of bidirectional text.
  ['I\u00adX', 'IX'],
  ['user', 'user'],
  ['USER', 'USER'],
  ['\u00aa', 'a'],
  ['\u2168', 'IX'],
  ['\u0007', undefined],
  ['ｐａｓｓ　ｗｏｒｄ', 'pass word'],
  ['a\u2028b', undefined],
  ['a\ufffdb', undefined],
]
for (const [written, as] of prepared)
  test(`${JSON.stringify(written)} is prepared as ${JSON.stringify(as)}`, () =>
    assert.equal(prepare(written), as))

test('a client with a name that is none does not begin', () => {
  assert.equal(clientStart('PLAIN', { login: 'a\0b', password: 'c', nonce: 'n' }).at, 'abort')
})
