import assert from 'node:assert/strict'
import { test } from 'node:test'

import Encoding from 'encoding-japanese'
import fc from 'fast-check'

import { spliced } from '#grammar/message'

import { placesIn, trackingSplices } from './index.ts'
import type { Wanted } from './index.ts'
import { LINKS } from './places.ts'

const BOTH: Wanted = { opens: true, clicks: true }
const PICTURE =
  '<img src="https://t/o" alt="" width="1" height="1" border="0" style="width:1px;height:1px;border:0">'

function tracked(html: Buffer, charset = 'utf-8', wanted = BOTH): Buffer | undefined {
  const places = placesIn(html, charset)
  assert(places !== undefined)
  const splices = trackingSplices(html, places, wanted, {
    click: (_url, n) => `https://t/c/${n}`,
    open: () => 'https://t/o',
  })
  return splices.length === 0 ? undefined : spliced(html, splices)
}

function clicks(html: string): string {
  return (tracked(Buffer.from(html), 'utf-8', { opens: false, clicks: true }) ?? html).toString()
}

function urls(html: string, charset = 'utf-8'): readonly string[] {
  return placesIn(Buffer.from(html), charset)?.links.map(({ url }) => url) ?? []
}

const CHANGED: readonly (readonly [string, string])[] = [
  ['<a href="http://x.example/">x</a>', '<a href="https://t/c/0">x</a>'],
  ["<A\nclass=b HREF = 'HTTPS://x.example/a'  id=c >", "<A\nclass=b HREF = 'https://t/c/0'  id=c >"],
  ['<a href=http://x.example/a>x</a>', '<a href=https://t/c/0>x</a>'],
  ['<area href="http://x.example"/>', '<area href="https://t/c/0"/>'],
  ['<a href=" http://x.example/ ">', '<a href="https://t/c/0">'],
  [
    '<a href="http://x.example/" href="http://y.example/">',
    '<a href="https://t/c/0" href="http://y.example/">',
  ],
  ['<a title="a>b" href="http://x.example/">', '<a title="a>b" href="https://t/c/0">'],
  [
    '<p><a href="http://x.example/1">1<a href="http://x.example/2">',
    '<p><a href="https://t/c/0">1<a href="https://t/c/1">',
  ],
]
for (const [html, expected] of CHANGED)
  test(`${JSON.stringify(html)} has its link exchanged and nothing else`, () =>
    assert.equal(clicks(html), expected))

const LEFT: readonly string[] = [
  '<a href="mailto:a@example.com">',
  '<a href="tel:+81312345678">',
  '<a href="#part">',
  '<a href="/relative">',
  '<a href="//example.com/">',
  '<a href="javascript:alert(1)">',
  '<a href="ftp://example.com/">',
  '<a href="http://">',
  '<a href="">',
  '<a href>',
  '<a name="http://example.com/">',
  '<a href="http://example.com/" data-hikyaku-track="off">',
  '<a data-hikyaku-track=off href="http://example.com/">',
  '<a clicktracking="off" href="http://example.com/">',
  '<a href="http://example.com/" ses:no-track>',
  '<a href="http://example.com/" data-pm-no-track>',
  '<link href="http://example.com/a.css"><form action="http://example.com/"><img src="http://example.com/i">',
  '<!-- <a href="http://example.com/"> -->',
  '<script>"<a href=\'http://example.com/\'>"</script>',
  '<style>/* <a href="http://example.com/"> */</style>',
  '<title><a href="http://example.com/"></title>',
  '<textarea><a href="http://example.com/"></textarea>',
  `<a href="http://example.com/${'a'.repeat(2_000)}">`,
  '<a href="http://example.com/',
  '<a href="http://example.com/" ',
  '</a href="http://example.com/">',
  'http://example.com/',
]
for (const html of LEFT)
  test(`${JSON.stringify(html.slice(0, 80))} is left as it is`, () => assert.equal(clicks(html), html))

test('a link is followed to what its references and characters mean', () => {
  assert.deepEqual(urls('<a href="http://x.example/?a=1&amp;b=2&#38;c=&quot;">'), [
    'http://x.example/?a=1&b=2&c=%22',
  ])
  assert.deepEqual(urls('<a href="http://例え.jp/道">'), ['http://xn--r8jz45g.jp/%E9%81%93'])
  assert.deepEqual(urls('<a href="http://x.example/a\r\n b">'), ['http://x.example/a%20b'])
  assert.deepEqual(urls('<a href="&#104;ttp://x.example/">'), ['http://x.example/'])
})

const PIXELS: readonly (readonly [string, string])[] = [
  ['<body>x</body></html>', `<body>x${PICTURE}</body></html>`],
  ['x</BODY >', `x${PICTURE}</BODY >`],
  ['<p>x', `<p>x${PICTURE}`],
  ['', PICTURE],
  ['a</body>b</body>c', `a</body>b${PICTURE}</body>c`],
  ['a</body><a href="http://x.example/">', `a${PICTURE}</body><a href="https://t/c/0">`],
]
for (const [html, expected] of PIXELS)
  test(`the picture stands in ${JSON.stringify(html)} where the body ends`, () =>
    assert.equal(tracked(Buffer.from(html))?.toString(), expected))

test('without anything to change there is nothing new', () => {
  assert.equal(tracked(Buffer.from('<p>x'), 'utf-8', { opens: false, clicks: true }), undefined)
  assert.equal(
    tracked(Buffer.from('<a href="http://x.example">'), 'utf-8', { opens: false, clicks: false }),
    undefined,
  )
})

/** In ISO-2022-JP, where octets of characters are those of `<`, `"` and letters. */
function jis(text: string): Buffer {
  return Buffer.from(
    Encoding.convert(Encoding.stringToCode(text), { to: 'JIS', from: 'UNICODE', type: 'array' }),
  )
}

test('characters of ISO-2022-JP are no markup', () => {
  const html = '<p>「漢字」の〈例〉<a href="http://x.example/">名前</a>一覧、春夏秋冬'
  const [before, after] = html.split('http://x.example/')
  const expected = Buffer.concat([
    jis(before ?? ''),
    Buffer.from('https://t/c/0'),
    jis(after ?? ''),
    Buffer.from(PICTURE),
  ])
  assert.deepEqual(tracked(jis(html), 'iso-2022-jp'), expected)
})

test('every character of JIS X 0208 in a row makes no link', () => {
  const rows = Array.from({ length: 94 }, (_, i) => Buffer.from([0x3c, 0x21 + i, 0x21 + i, 0x22]))
  const html = Buffer.concat([
    Buffer.from('\x1b$B'),
    ...rows,
    Buffer.from('\x1b(B<a href="http://x.example/">'),
  ])
  assert.equal(placesIn(html, 'iso-2022-jp')?.links.length, 1)
})

test('text that ends between characters of two octets is brought back to ASCII before the picture', () => {
  const html = Buffer.concat([Buffer.from('<p>'), Buffer.from('\x1b$B'), Buffer.from([0x46, 0x7c])])
  assert.deepEqual(tracked(html, 'iso-2022-jp'), Buffer.concat([html, Buffer.from(`\x1b(B${PICTURE}`)]))
})

test('charsets whose letters are no ASCII are left alone', () => {
  for (const charset of ['utf-16', 'utf-16le', 'utf-7', 'utf-32', 'iso-2022-kr', 'ibm037', 'hz-gb-2312'])
    assert.equal(placesIn(Buffer.from('<a href="http://x.example/">'), charset), undefined)
})

test('Shift_JIS and EUC-JP keep each octet', () => {
  for (const [name, to] of [
    ['shift_jis', 'SJIS'],
    ['euc-jp', 'EUCJP'],
  ] as const) {
    const of = (text: string): Buffer =>
      Buffer.from(Encoding.convert(Encoding.stringToCode(text), { to, from: 'UNICODE', type: 'array' }))
    const html = of('ソ表能<a title="表示" href="http://x.example/">予ソ</a>')
    const expected = Buffer.concat([
      of('ソ表能<a title="表示" href="'),
      Buffer.from('https://t/c/0'),
      of('">予ソ</a>'),
    ])
    assert.deepEqual(tracked(html, name, { opens: false, clicks: true }), expected)
  }
})

const PIECES = [
  '<a href="',
  "<a href='",
  '<a href=',
  'http://x.example/',
  '"',
  "'",
  '>',
  '<',
  '</a>',
  '</body>',
  '<!--',
  '-->',
  '<script>',
  '</script>',
  '&amp;',
  '=',
  ' ',
  '\r\n',
  'é漢',
  '\x1b$B',
  '\x1b(B',
  '\0',
  'data-hikyaku-track=off',
  '<![CDATA[',
  ']]>',
  '<?',
  '/',
]

/** Takes out what was put in, and puts back what was there. */
function undone(html: Buffer, made: Buffer, charset: string): Buffer {
  const links = placesIn(html, charset)?.links ?? []
  const text = made.toString('latin1').replace(PICTURE, '')
  return Buffer.from(
    text.replace(/https:\/\/t\/c\/(\d+)/g, (_, n: string) => {
      const link = links[Number(n)]
      return html.toString('latin1', link?.start ?? 0, link?.end ?? 0)
    }),
    'latin1',
  )
}

test('of any HTML only the octets of links are exchanged: put back, it is what it was', () => {
  const html = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string()), { maxLength: 40 })
  fc.assert(
    fc.property(html, fc.constantFrom('utf-8', 'iso-2022-jp', 'shift_jis', ''), (pieces, charset) => {
      const octets = Buffer.from(pieces.join(''))
      const made = tracked(octets, charset)
      assert(made !== undefined)
      const back = undone(octets, made, charset).toString('latin1')
      // What brings it back to ASCII stands before the picture only where it has to.
      const plain = octets.toString('latin1')
      assert.ok(back === plain || back === `${plain}\x1b(B`)
    }),
    { numRuns: 400 },
  )
})

test('hostile HTML takes no more than its length', () => {
  const many = Buffer.from('<a href="http://x.example/?a&amp;b">'.repeat(100_000))
  assert.equal(placesIn(many, 'utf-8')?.links.length, LINKS)
  for (const piece of [
    '<',
    '<a ',
    '<a href="',
    '<!--',
    '&',
    '<a href=&',
    '</',
    '\x1b$B\x1b(B',
    '<a href="http://x&',
  ])
    assert.ok((placesIn(Buffer.from(piece.repeat(20_000)), 'iso-2022-jp')?.links.length ?? 0) <= LINKS)
})
