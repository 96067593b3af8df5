import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { addressKey, formatMailbox, formatPath, needsSmtputf8, parseMailbox, parsePath } from './path.ts'
import type { AddressRules } from './rules.ts'

const x = (n: number): string => 'x'.repeat(n)
/** 63 + 1 + 63 + 1 + 63 + 1 + 63 = 255 octets. */
const longest = [x(63), x(63), x(63), x(63)].join('.')

const CARRIERS = ['docomo.ne.jp', 'ezweb.ne.jp', '*.ezweb.ne.jp']

const accepted: [text: string, written: string, rest: string, rules?: AddressRules][] = [
  ['<>', '<>', ''],
  ['<> SIZE=9', '<>', ' SIZE=9'],
  ['<jane@Example.COM>', '<jane@example.com>', ''],
  ['<Jane+tag@example.com> SIZE=9', '<Jane+tag@example.com>', ' SIZE=9'],
  ["<!#$&'*+/=?^_`{|}~-.a@example.com>", "<!#$&'*+/=?^_`{|}~-.a@example.com>", '', { furtherHop: true }],
  ['<a@localhost>', '<a@localhost>', ''],
  ['<a@my_host.example>', '<a@my_host.example>', ''],
  ['<a@1.example>', '<a@1.example>', ''],
  ['<"jane"@example.com>', '<jane@example.com>', ''],
  ['<"j\\a\\n\\e"@example.com>', '<jane@example.com>', ''],
  ['<"jane doe"@example.com>', '<"jane doe"@example.com>', ''],
  ['<"a\\"b\\\\c"@example.com>', '<"a\\"b\\\\c"@example.com>', ''],
  ['<"a..b"@example.com>', '<"a..b"@example.com>', ''],
  ['<"a>b"@example.com> X', '<"a>b"@example.com>', ' X'],
  [`<${x(64)}@example.com>`, `<${x(64)}@example.com>`, ''],
  [`<a@${x(63)}.com>`, `<a@${x(63)}.com>`, ''],
  ['<a@[192.0.2.1]>', '<a@[192.0.2.1]>', ''],
  ['<a@[ipv6:2001:DB8:0:0:0:0:0:1]>', '<a@[IPv6:2001:db8::1]>', ''],
  ['<a@[IPv6:::ffff:192.0.2.1]>', '<a@[IPv6:::ffff:c000:201]>', ''],
  ['<@a.example,@b.example:u@v.example>', '<u@v.example>', ''],
  ['<@[192.0.2.1]:u@v.example>', '<u@v.example>', ''],
  ['<PostMaster>', '<postmaster@mx.example>', '', { postmasterDomain: 'mx.example' }],
  ['<a@xn--wgv71a119e.jp>', '<a@xn--wgv71a119e.jp>', ''],
  ['<a@日本語.JP>', '<a@xn--wgv71a119e.jp>', '', { smtputf8: true }],
  ['<a@MÜLLER.example>', '<a@xn--mller-kva.example>', '', { smtputf8: true }],
  ['<用户@例え.jp>', '<用户@xn--r8jz45g.jp>', '', { smtputf8: true }],
  ['<"用 户"@example.jp>', '<"用 户"@example.jp>', '', { smtputf8: true }],
  // Addresses that docomo and au gave out until 2009.
  ['<hello..there@docomo.ne.jp>', '<"hello..there"@docomo.ne.jp>', '', { looseDots: true }],
  ['<hello.@ezweb.ne.jp>', '<"hello."@ezweb.ne.jp>', '', { looseDots: true }],
  ['<a..b@docomo.ne.jp>', '<"a..b"@docomo.ne.jp>', '', { looseDots: CARRIERS }],
  ['<c.@t3.ezweb.ne.jp>', '<"c."@t3.ezweb.ne.jp>', '', { looseDots: CARRIERS }],
  ['<"a..b"@example.com>', '<"a..b"@example.com>', '', { looseDots: CARRIERS }],
  ['<u%v@local.example>', '<u%v@local.example>', '', { furtherHop: true }],
  ['<"u@v"@local.example>', '<"u@v"@local.example>', '', { furtherHop: true }],
]
for (const [text, written, rest, rules] of accepted) {
  test(`accepts ${text.slice(0, 40)}`, () => {
    const path = parsePath(text, rules)
    assert(path.ok)
    assert.equal(formatPath(path.value), written)
    assert.equal(path.rest, rest)
  })
}

const refused: [text: string, expected: string, at: number, rules?: AddressRules][] = [
  ['', '"<"', 0],
  ['jane@example.com', '"<"', 0],
  ['<', 'local-part', 1],
  ['<@example.com>', '"," or ":" in the source route', 13],
  ['<jane>', '"@"', 5],
  ['<postmaster>', '"@"', 11],
  ['<postmaster.x>', '"@"', 13, { postmasterDomain: 'mx.example' }],
  ['<a@b', '">"', 4],
  ['<a@b c>', '">"', 4],
  ['<a b@c.example>', '"@"', 2],
  ['<a@b@c.example>', '">"', 4],
  ['<a@b.example(comment)>', '">"', 12],
  ['<a@b.example.>', 'domain', 3],
  ['<a@.b.example>', 'domain', 3],
  ['<a@b..example>', 'domain', 3],
  ['<a@-b.example>', 'domain', 3],
  ['<a@b-.example>', 'domain', 3],
  ['<a@>', 'domain', 3],
  ['<a@192.0.2.1>', 'domain', 3],
  ['<a@2130706433>', 'domain', 3],
  [`<a@${x(64)}.example>`, 'domain', 3],
  [`<a@${longest}.x>`, 'domain', 3],
  [`<ab@${longest.slice(2)}>`, 'path of at most 256 octets', 1],
  [`<${x(65)}@example.com>`, 'local-part of at most 64 octets', 1],
  [`<"${x(62)} "@example.com>`, 'local-part of at most 64 octets', 1],
  [`<${'あ'.repeat(22)}@example.com>`, 'local-part of at most 64 octets', 1, { smtputf8: true }],
  ['<""@example.com>', 'local-part', 1],
  ['<"a@example.com>', 'closing quote of the local-part', 1],
  ['<"a\\', 'closing quote of the local-part', 1],
  ['<"a\tb"@example.com>', 'printable character in the quoted local-part', 1],
  ['<"a\\\0b"@example.com>', 'printable character in the quoted local-part', 1],
  ['<a\r\nb@example.com>', '"@"', 2],
  ['<"a\r\nb"@example.com>', 'printable character in the quoted local-part', 1],
  ['<a..b@docomo.ne.jp>', 'local-part without empty atoms', 1],
  ['<a.@docomo.ne.jp>', 'local-part without empty atoms', 1],
  ['<.a@docomo.ne.jp>', 'local-part', 1, { looseDots: true }],
  ['<a..b@example.com>', 'local-part without empty atoms', 1, { looseDots: CARRIERS }],
  ['<a.@notezweb.ne.jp>', 'local-part without empty atoms', 1, { looseDots: CARRIERS }],
  ['<a.@ezweb.ne.jp.example>', 'local-part without empty atoms', 1, { looseDots: CARRIERS }],
  ['<a@[192.0.2]>', 'address literal', 3],
  ['<a@[192.0.2.256]>', 'address literal', 3],
  ['<a@[192.0.2.01]>', 'address literal', 3],
  ['<a@[0x7f.0.0.1]>', 'address literal', 3],
  ['<a@[IPv6:1::2::3]>', 'address literal', 3],
  ['<a@[IPv6:fe80::1%eth0]>', 'address literal', 3],
  ['<a@[IPv6:]>', 'address literal', 3],
  ['<a@[2001:db8::1]>', 'address literal', 3],
  ['<a@[x400:c=jp]>', 'address literal', 3],
  ['<a@[192.0.2.1>', 'domain', 3],
  ['<@a,b:u@v>', '"@"', 4],
  ['<@a;u@v>', '"," or ":" in the source route', 3],
  ['<@-a:u@v>', 'domain', 2],
  [`<${'@a.example,'.repeat(30)}@b:u@v>`, 'source route of at most 256 octets', 1],
  // IDNA: malformed A-labels, and U-labels that are another spelling of something.
  ['<a@xn--a.example>', 'domain', 3],
  ['<a@xn--.example>', 'domain', 3],
  ['<a@xn---okk.example>', 'domain', 3],
  ['<a@xn--a-ecp.ru>', 'domain', 3],
  ['<a@xn--example-.jp>', 'domain', 3],
  ['<a@例え。jp>', 'domain', 3, { smtputf8: true }],
  ['<a@例え．jp>', 'domain', 3, { smtputf8: true }],
  ['<a@ｅxample.com>', 'domain', 3, { smtputf8: true }],
  ['<a@\u212Aéxample.com>', 'domain', 3, { smtputf8: true }],
  ['<a@e\u0301xample.com>', 'domain', 3, { smtputf8: true }],
  ['<a@é\u00adxample.com>', 'domain', 3, { smtputf8: true }],
  ['<a@-é.example>', 'domain', 3, { smtputf8: true }],
  ['<a@é/x.example>', '">"', 4, { smtputf8: true }],
  ['<a@é.192.0.2.1>', 'domain', 3, { smtputf8: true }],
  ['<a＠example.com>', '"@"', 14, { smtputf8: true }],
  ['<a\u202Eb@example.com>', 'visible characters in the local-part', 1, { smtputf8: true }],
  ['<a\u0085b@example.com>', 'visible characters in the local-part', 1, { smtputf8: true }],
  ['<a\ud800@example.com>', 'visible characters in the local-part', 1, { smtputf8: true }],
  // A further hop, S13: refused from strangers.
  ['<u%v@local.example>', 'local-part that asks for no further hop', 1],
  ['<v!u@local.example>', 'local-part that asks for no further hop', 1],
  ['<"u@v"@local.example>', 'local-part that asks for no further hop', 1],
  ['<"u%v">', 'local-part that asks for no further hop', 1],
  ['<"u@v">', 'local-part that asks for no further hop', 1],
  ['<u@v@local.example>', '">"', 4],
  ['<@a.example,@b.example:u%w@v>', 'local-part that asks for no further hop', 23],
  // Injection, S14.
  ['<-oQ/x@d.example>', 'local-part that does not begin with "-"', 1],
  ['<"-oQ/x"@d.example>', 'local-part that does not begin with "-"', 1],
  ['<|cmd@d.example>', 'local-part that is no command and no file', 1],
  ['</etc/passwd@d.example>', 'local-part that is no command and no file', 1],
  ['<../../x@d.example>', 'local-part', 1],
  ['<"../../x"@d.example>', 'local-part that is no command and no file', 1],
  ['<x/../y@d.example>', 'local-part without empty atoms', 1],
  ['<"x/../y"@d.example>', 'local-part that is no command and no file', 1],
  ['<=?utf-8?q?a=40b?=@d.example>', 'local-part that is no encoded word', 1],
]
for (const [text, expected, at, rules] of refused) {
  test(`refuses ${JSON.stringify(text).slice(0, 40)}`, () => {
    assert.deepEqual(parsePath(text, rules), { ok: false, expected, at })
  })
}

for (const text of ['<用户@example.com>', '<"用 户"@example.com>', '<a@日本語.jp>']) {
  test(`says that ${text} needs SMTPUTF8`, () => {
    const path = parsePath(text)
    assert(!path.ok)
    assert.equal(path.needs, 'SMTPUTF8')
    assert(parsePath(text, { smtputf8: true }).ok)
  })
}

test('two paths are not one', () => {
  const path = parsePath('<a@d.example> <b@e.example>')
  assert(path.ok)
  assert.equal(path.rest, ' <b@e.example>')
})

test('a bare mailbox has nothing around it', () => {
  const mailbox = parseMailbox('jane@Example.com')
  assert(mailbox.ok)
  assert.deepEqual(mailbox.value, { local: 'jane', domain: 'example.com' })
  assert.deepEqual(parseMailbox('jane@example.com '), {
    ok: false,
    expected: 'nothing after the domain',
    at: 16,
  })
  assert.deepEqual(parseMailbox(' jane@example.com'), { ok: false, expected: 'local-part', at: 0 })
  assert.deepEqual(parseMailbox('<jane@example.com>'), { ok: false, expected: 'local-part', at: 0 })
  assert.deepEqual(parseMailbox('@a:jane@example.com'), { ok: false, expected: 'local-part', at: 0 })
  assert.deepEqual(parseMailbox('a@b.example\r\nBcc: c'), {
    ok: false,
    expected: 'nothing after the domain',
    at: 11,
  })
})

test('the key forgets case and composition, the mailbox does not', () => {
  const written = { local: 'Ga\u0308nse', domain: 'example.com' }
  assert.equal(addressKey(written), 'g\u00e4nse@example.com')
  assert.equal(formatMailbox(written), 'Ga\u0308nse@example.com')
})

test('only the local part can need SMTPUTF8', () => {
  assert(needsSmtputf8({ local: '用户', domain: 'example.com' }))
  assert(!needsSmtputf8({ local: 'a', domain: 'xn--wgv71a119e.jp' }))
  assert(!needsSmtputf8(null))
})

const printable = fc.string({
  unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 40,
})
const unicode = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
const label = fc
  .stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
  .filter((text) => !text.startsWith('xn--'))
const domain = fc.oneof(
  fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => [...labels, 'example'].join('.')),
  fc.ipV4().map((address) => `[${address}]`),
  fc.ipV6().map((address) => `[IPv6:${address}]`),
)
const everything: AddressRules = { smtputf8: true, looseDots: true, furtherHop: true }

test('what is written is read back as the same value, and written the same again', () => {
  fc.assert(
    fc.property(fc.oneof(printable, unicode), domain, (local, host) => {
      const first = parsePath(formatPath({ local, domain: host }), everything)
      fc.pre(first.ok && first.value !== null)
      const written = formatPath(first.value)
      const second = parsePath(written, { smtputf8: true, furtherHop: true })
      assert.deepEqual(second, { ok: true, value: first.value, rest: '' })
      assert(Buffer.byteLength(written) <= 256)
      assert.deepEqual(parseMailbox(formatMailbox(first.value), everything), second)
    }),
  )
})

test('no text makes it throw, and nothing it writes breaks a line', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '@',
    '"',
    '\\',
    '.',
    ',',
    ':',
    '[',
    ']',
    'a',
    'xn--',
    '\r',
    '\n',
    '\0',
    'é',
    '。',
    'IPv6:',
    '1',
  )
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: piece })), (text) => {
      const path = parsePath(`<${text}>`, everything)
      if (path.ok) assert.doesNotMatch(formatPath(path.value), /\p{Cc}/u)
    }),
  )
})
