import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { parseCommand, VERBS } from './command.ts'
import type { Command, CommandContext, MailParameters } from './command.ts'
import type { Extension } from './extension.ts'

const now = Date.UTC(2026, 10, 22, 10, 24)
const everything: readonly Extension[] = [
  'SIZE',
  '8BITMIME',
  'SMTPUTF8',
  'CHUNKING',
  'BINARYMIME',
  'DSN',
  'DELIVERBY',
  'FUTURERELEASE',
  'MT-PRIORITY',
  'REQUIRETLS',
  'AUTH',
]
const context: CommandContext = {
  offered: new Set(everything),
  smtputf8: false,
  now,
  address: { postmasterDomain: 'mx.example' },
  holdMaximum: 86_400_000,
  deliverByMinimum: 60_000,
}

function parse(line: string, changes: Partial<CommandContext> = {}): Command {
  return parseCommand(line, { ...context, ...changes })
}

/** The reply that refuses, as code and enhanced code; or the verb that was understood. */
function verdict(line: string, changes?: Partial<CommandContext>): string {
  const command = parse(line, changes)
  return command.verb === 'refused' ? `${command.reply.code} ${command.reply.enhanced}` : command.verb
}

const understood: [line: string, command: Command][] = [
  ['EHLO mail.example.com', { verb: 'EHLO', client: 'mail.example.com' }],
  ['ehlo [192.0.2.1]', { verb: 'EHLO', client: '[192.0.2.1]' }],
  ['HeLo my_pc ', { verb: 'HELO', client: 'my_pc' }],
  ['EHLO 田中のPC', { verb: 'EHLO', client: '???PC' }],
  ['EHLO a(b)"c', { verb: 'EHLO', client: 'a?b??c' }],
  ['DATA', { verb: 'DATA' }],
  ['data  ', { verb: 'DATA' }],
  ['RSET', { verb: 'RSET' }],
  ['QUIT', { verb: 'QUIT' }],
  ['STARTTLS', { verb: 'STARTTLS' }],
  ['NOOP', { verb: 'NOOP', argument: '' }],
  ['NOOP are you there', { verb: 'NOOP', argument: 'are you there' }],
  ['HELP MAIL', { verb: 'HELP', argument: 'MAIL' }],
  ['VRFY jane', { verb: 'VRFY', argument: 'jane' }],
  ['EXPN list', { verb: 'EXPN', argument: 'list' }],
  ['BDAT 0 LAST', { verb: 'BDAT', size: 0, last: true }],
  ['bdat 86 last', { verb: 'BDAT', size: 86, last: true }],
  ['BDAT 999999999999999', { verb: 'BDAT', size: 999_999_999_999_999, last: false }],
  ['AUTH login', { verb: 'AUTH', mechanism: 'LOGIN' }],
  ['AUTH PLAIN AGEAYg==', { verb: 'AUTH', mechanism: 'PLAIN', initial: 'AGEAYg==' }],
  ['AUTH EXTERNAL =', { verb: 'AUTH', mechanism: 'EXTERNAL', initial: '' }],
  ['XCLIENT ADDR=192.0.2.1', { verb: 'XCLIENT', attributes: { address: '192.0.2.1' } }],
  ['', { verb: 'unknown', word: '' }],
  [' NOOP', { verb: 'unknown', word: '' }],
  ['GET / HTTP/1.1', { verb: 'unknown', word: 'GET' }],
  ['\x16\x03\x01', { verb: 'unknown', word: '???' }],
  ['RſET', { verb: 'unknown', word: 'R?ET' }],
  ['constructor', { verb: 'unknown', word: 'constructor' }],
  ['x'.repeat(2000), { verb: 'unknown', word: 'x'.repeat(32) }],
]
for (const [line, command] of understood) {
  test(`understands ${JSON.stringify(line).slice(0, 40)}`, () => assert.deepEqual(parse(line), command))
}

const refused: [line: string, verdict: string][] = [
  ['EHLO', '501 5.5.4'],
  ['EHLO ', '501 5.5.4'],
  ['EHLO a b', '501 5.5.4'],
  [`EHLO ${'a'.repeat(256)}`, '501 5.5.4'],
  ['DATA now', '501 5.5.4'],
  ['RSET x', '501 5.5.4'],
  ['QUIT x', '501 5.5.4'],
  ['STARTTLS x', '501 5.5.4'],
  ['VRFY', '501 5.5.4'],
  ['EXPN', '501 5.5.4'],
  ['AUTH', '501 5.5.2'],
  ['AUTH PLAIN ***', '501 5.5.2'],
  ['AUTH PLAIN AGEA YgBj', '501 5.5.2'],
  ['AUTH PLAIN A=B', '501 5.5.2'],
  ['XCLIENT', '501 5.5.4'],
  ['XCLIENT ADDR=x', '501 5.5.4'],
  ['MAIL', '501 5.5.4'],
  ['MAIL <a@b>', '501 5.5.4'],
  ['MAIL TO:<a@b>', '501 5.5.4'],
  ['MAIL FROM <a@b>', '501 5.5.4'],
  ['MAIL FROM:', '501 5.1.7'],
  ['MAIL FROM:a@b', '501 5.1.7'],
  ['MAIL FROM:<a@b', '501 5.1.7'],
  ['MAIL FROM:<postmaster>', '501 5.1.7'],
  ['MAIL FROM:<a@b>SIZE=1', '501 5.5.4'],
  ['MAIL FROM:<a@d> <b@e>', '501 5.5.4'],
  ['RCPT', '501 5.5.4'],
  ['RCPT FROM:<a@b>', '501 5.5.4'],
  ['RCPT TO:', '501 5.1.3'],
  ['RCPT TO:<>', '501 5.1.3'],
  ['RCPT TO:<a@d> <b@e>', '501 5.5.4'],
  ['RCPT TO:<a b@d>', '501 5.1.3'],
  ['RCPT TO:<u%v@d.example>', '501 5.1.3'],
  ['RCPT TO:<|cmd@d.example>', '501 5.1.3'],
  ['RCPT TO:<a@xn--a>', '501 5.1.3'],
  [`RCPT TO:<${'a'.repeat(65)}@d>`, '501 5.1.3'],
  // Values.
  ['MAIL FROM:<> SIZE', '501 5.5.4'],
  ['MAIL FROM:<> SIZE=', '501 5.5.4'],
  ['MAIL FROM:<> SIZE=-1', '501 5.5.4'],
  ['MAIL FROM:<> SIZE=1e20', '501 5.5.4'],
  ['MAIL FROM:<> SIZE=1=2', '501 5.5.4'],
  ['MAIL FROM:<> SIZE=123456789012345678901', '501 5.5.4'],
  ['MAIL FROM:<> SIZE=1 SIZE=2', '501 5.5.4'],
  ['MAIL FROM:<> size=1 SIZE=1', '501 5.5.4'],
  ['MAIL FROM:<> BODY', '501 5.5.4'],
  ['MAIL FROM:<> BODY=16BIT', '501 5.5.4'],
  ['MAIL FROM:<> SMTPUTF8=yes', '501 5.5.4'],
  ['MAIL FROM:<> REQUIRETLS=yes', '501 5.5.4'],
  ['MAIL FROM:<> RET=ALL', '501 5.5.4'],
  ['MAIL FROM:<> ENVID=', '501 5.5.4'],
  ['MAIL FROM:<> ENVID=a+0D+0ABcc', '501 5.5.4'],
  ['MAIL FROM:<> ENVID=a+C3+A9', '501 5.5.4'],
  ['MAIL FROM:<> ENVID=a+zz', '501 5.5.4'],
  [`MAIL FROM:<> ENVID=${'a'.repeat(101)}`, '501 5.5.4'],
  ['MAIL FROM:<> AUTH=', '501 5.5.4'],
  ['MAIL FROM:<> AUTH=jane', '501 5.5.4'],
  ['MAIL FROM:<> BY=R', '501 5.5.4'],
  ['MAIL FROM:<> BY=1;X', '501 5.5.4'],
  ['MAIL FROM:<> BY=0;R', '501 5.5.4'],
  ['MAIL FROM:<> BY=-1;R', '501 5.5.4'],
  ['MAIL FROM:<> BY=59;R', '501 5.5.4'],
  ['MAIL FROM:<> BY=1234567890;N', '501 5.5.4'],
  ['MAIL FROM:<> HOLDFOR=0', '501 5.5.4'],
  ['MAIL FROM:<> HOLDFOR=-5', '501 5.5.4'],
  ['MAIL FROM:<> HOLDFOR=86401', '501 5.5.4'],
  ['MAIL FROM:<> HOLDFOR=1000000000', '501 5.5.4'],
  ['MAIL FROM:<> HOLDUNTIL=tomorrow', '501 5.5.4'],
  ['MAIL FROM:<> HOLDUNTIL=2026-11-23T10:24:01Z', '501 5.5.4'],
  ['MAIL FROM:<> HOLDFOR=5 HOLDUNTIL=2026-11-22T10:25:00Z', '501 5.5.4'],
  ['MAIL FROM:<> MT-PRIORITY=10', '501 5.5.4'],
  ['MAIL FROM:<> MT-PRIORITY=-0', '501 5.5.4'],
  ['MAIL FROM:<> MT-PRIORITY=+1', '501 5.5.4'],
  ['MAIL FROM:<> MT-PRIORITY=1.5', '501 5.5.4'],
  ['RCPT TO:<a@b> NOTIFY', '501 5.5.4'],
  ['RCPT TO:<a@b> NOTIFY=SUCCESS,', '501 5.5.4'],
  ['RCPT TO:<a@b> NOTIFY=NEVER,SUCCESS', '501 5.5.4'],
  ['RCPT TO:<a@b> NOTIFY=SOMETIMES', '501 5.5.4'],
  ['RCPT TO:<a@b> NOTIFY=DELAY NOTIFY=NEVER', '501 5.5.4'],
  ['RCPT TO:<a@b> ORCPT=a@b', '501 5.5.4'],
  ['RCPT TO:<a@b> ORCPT=rfc822;', '501 5.5.4'],
  ['RCPT TO:<a@b> ORCPT=rfc822;a+0D+0AX:y', '501 5.5.4'],
  ['RCPT TO:<a@b> ORCPT=rfc822;a+C3+A9', '501 5.5.4'],
  ['RCPT TO:<a@b> ORCPT=utf-8;a\\x{0A}b', '501 5.5.4'],
  ['RCPT TO:<a@b> ORCPT=utf-8;用户@b', '501 5.5.4'],
  [`RCPT TO:<a@b> ORCPT=rfc822;${'a'.repeat(500)}`, '501 5.5.4'],
  // Keywords.
  ['MAIL FROM:<> COLOUR=red', '555 5.5.4'],
  ['MAIL FROM:<> NOTIFY=NEVER', '555 5.5.4'],
  ['MAIL FROM:<> __proto__=1', '501 5.5.4'],
  ['MAIL FROM:<> constructor=1', '555 5.5.4'],
  ['RCPT TO:<a@b> SIZE=1', '555 5.5.4'],
  ['RCPT TO:<a@b> ſIZE=1', '501 5.5.4'],
]
for (const [line, expected] of refused) {
  test(`${line.slice(0, 60)} gets ${expected}`, () => assert.equal(verdict(line), expected))
}

for (const argument of [
  '',
  '-1',
  '+1',
  'x',
  '1.5',
  '1e3',
  '5 LAST x',
  '5LAST',
  '9223372036854775808',
  '0x10',
  '1  LAST',
]) {
  test(`BDAT ${argument} closes: its octets cannot be counted`, () => {
    const command = parse(`BDAT ${argument}`)
    assert(command.verb === 'refused')
    assert(command.close)
    assert.equal(command.reply.code, 501)
  })
}

function parameters(text: string, changes?: Partial<CommandContext>): MailParameters {
  const command = parse(`MAIL FROM:<a@b.example>${text}`, changes)
  assert(command.verb === 'MAIL', JSON.stringify(command))
  return command.parameters
}

const defaults: MailParameters = { body: '7bit', smtputf8: false, requireTls: false, priority: 0 }
const mail: [text: string, said: Partial<MailParameters>][] = [
  ['', {}],
  ['  ', {}],
  [' SIZE=0', { size: 0 }],
  [' size=99999999999999999999', { size: 1e20 }],
  [' BODY=7bit', {}],
  [' BODY=8BITMIME SIZE=5', { body: '8bitmime', size: 5 }],
  [' BODY=BINARYMIME', { body: 'binarymime' }],
  [' SMTPUTF8  REQUIRETLS ', { smtputf8: true, requireTls: true }],
  [' RET=HDRS ENVID=QQ314159', { ret: 'headers', envid: 'QQ314159' }],
  [' RET=full ENVID=a+2Bb+20c', { ret: 'full', envid: 'a+b c' }],
  [' AUTH=<>', { submitter: null }],
  [' AUTH=e+3Dmc2@example.com', { submitter: { local: 'e=mc2', domain: 'example.com' } }],
  [' BY=120;R', { deliverBy: { at: now + 120_000, mode: 'return', trace: false } }],
  [' BY=+60;RT', { deliverBy: { at: now + 60_000, mode: 'return', trace: true } }],
  [' BY=-60;n', { deliverBy: { at: now - 60_000, mode: 'notify', trace: false, overdue: true } }],
  [' BY=0;NT', { deliverBy: { at: now, mode: 'notify', trace: true, overdue: true } }],
  [' BY=1;N', { deliverBy: { at: now + 1_000, mode: 'notify', trace: false } }],
  [' HOLDFOR=3600', { holdUntil: now + 3_600_000 }],
  [' HOLDFOR=86400', { holdUntil: now + 86_400_000 }],
  [' HOLDUNTIL=2026-11-22T20:24:00+09:00', { holdUntil: now + 3_600_000 }],
  [' HOLDUNTIL=2020-01-01T00:00:00Z', { holdUntil: Date.UTC(2020, 0, 1) }],
  [' MT-PRIORITY=-9', { priority: -9 }],
  [' MT-PRIORITY=0', { priority: 0 }],
]
for (const [text, said] of mail) {
  test(`MAIL${text} is understood`, () => assert.deepEqual(parameters(text), { ...defaults, ...said }))
}

const rcpt: [text: string, recipient: object][] = [
  ['<c@d.example>', {}],
  [' <c@d.example> ', {}],
  ['<c@d.example> NOTIFY=never', { notify: 'never' }],
  ['<c@d.example> NOTIFY=SUCCESS,delay,SUCCESS', { notify: ['success', 'delay'] }],
  ['<c@d.example> ORCPT=RFC822;c+2Bx@d.example', { orcpt: 'rfc822;c+x@d.example' }],
  ['<c@d.example> ORCPT=utf-8;\\x{7528}@d.example', { orcpt: 'utf-8;用@d.example' }],
]
for (const [text, recipient] of rcpt) {
  test(`RCPT TO:${text} is understood`, () => {
    const to = { local: 'c', domain: 'd.example' }
    assert.deepEqual(parse(`RCPT TO:${text}`), { verb: 'RCPT', recipient: { to, ...recipient } })
  })
}

test('postmaster without a domain is a recipient of this host', () => {
  const to = { local: 'postmaster', domain: 'mx.example' }
  assert.deepEqual(parse('RCPT TO:<Postmaster>'), { verb: 'RCPT', recipient: { to } })
  assert.equal(verdict('RCPT TO:<postmaster>', { address: {} }), '501 5.1.3')
})

test('an address that is not ASCII needs the SMTPUTF8 of its transaction', () => {
  assert.equal(verdict('MAIL FROM:<用户@例え.jp> SMTPUTF8'), 'MAIL')
  assert.equal(verdict('MAIL FROM:<用户@例え.jp>'), '553 5.6.7')
  assert.equal(verdict('MAIL FROM:<a@例え.jp> SIZE=5'), '553 5.6.7')
  assert.equal(verdict('MAIL FROM:<用户@例え.jp> SMTPUTF8', { offered: new Set() }), '553 5.6.7')
  assert.equal(verdict('RCPT TO:<用户@例え.jp>'), '553 5.6.7')
  assert.equal(verdict('RCPT TO:<用户@例え.jp>', { smtputf8: true }), 'RCPT')
  assert.equal(verdict('RCPT TO:<a@b> ORCPT=utf-8;用户@b', { smtputf8: true }), 'RCPT')
})

const owners: [parameter: string, extension: Extension][] = [
  ['SIZE=1', 'SIZE'],
  ['BODY=8BITMIME', '8BITMIME'],
  ['BODY=BINARYMIME', 'BINARYMIME'],
  ['SMTPUTF8', 'SMTPUTF8'],
  ['RET=FULL', 'DSN'],
  ['ENVID=a', 'DSN'],
  ['AUTH=<>', 'AUTH'],
  ['BY=120;R', 'DELIVERBY'],
  ['HOLDFOR=5', 'FUTURERELEASE'],
  ['HOLDUNTIL=2026-11-22T10:25:00Z', 'FUTURERELEASE'],
  ['MT-PRIORITY=1', 'MT-PRIORITY'],
  ['REQUIRETLS', 'REQUIRETLS'],
]
for (const [parameter, extension] of owners) {
  test(`${parameter} gets 555 where ${extension} is not offered`, () => {
    const line = `MAIL FROM:<a@b.example> ${parameter}`
    assert.equal(verdict(line), 'MAIL')
    assert.equal(
      verdict(line, { offered: new Set(everything.filter((name) => name !== extension)) }),
      '555 5.5.4',
    )
  })
}

test('NOTIFY and ORCPT get 555 where DSN is not offered', () => {
  const offered = new Set(everything.filter((name) => name !== 'DSN'))
  assert.equal(verdict('RCPT TO:<a@b> NOTIFY=NEVER', { offered }), '555 5.5.4')
  assert.equal(verdict('RCPT TO:<a@b> ORCPT=rfc822;a@b', { offered }), '555 5.5.4')
})

test('the rules for addresses are those of the caller', () => {
  assert.equal(verdict('RCPT TO:<a..b@docomo.ne.jp>'), '501 5.1.3')
  assert.equal(verdict('RCPT TO:<a..b@docomo.ne.jp>', { address: { looseDots: true } }), 'RCPT')
  assert.equal(verdict('RCPT TO:<u%v@d.example>', { address: { furtherHop: true } }), 'RCPT')
})

test('no line makes it throw, and no reply repeats what the client said', () => {
  const word = fc.constantFrom(
    ...VERBS,
    'FROM:',
    'TO:',
    '<a@b>',
    '<>',
    'SIZE=',
    'ORCPT=rfc822;',
    'BY=',
    '+',
    '=',
    'LAST',
    '1',
    'zz',
  )
  const line = fc.array(fc.oneof(word, fc.string()), { maxLength: 8 }).map((words) => words.join(' '))
  fc.assert(
    fc.property(fc.oneof(fc.string(), line), (text) => {
      const command = parse(`${text} zzz`)
      if (command.verb === 'refused') assert.doesNotMatch(command.reply.lines.join(), /zz/)
    }),
    { numRuns: 500 },
  )
})
