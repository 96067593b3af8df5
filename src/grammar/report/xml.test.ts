import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { XmlReader } from './xml.ts'
import type { Element } from './xml.ts'

const LIMITS = { elements: 1_000, depth: 5, text: 100 }

/** `a(b:text c)` */
function told(text: string): string {
  const read = new XmlReader(text, LIMITS).read(Infinity)
  assert(read)
  return read.ok ? written(read.root) : `! ${read.why}`
}

function written({ name, text, children }: Element): string {
  const inner = children.length > 0 ? `(${children.map(written).join(' ')})` : ''
  return `${name}${text === '' ? '' : `:${text}`}${inner}`
}

test('elements and text are read; declarations, comments, attributes and prefixes are passed over', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['<a/>', 'a'],
    [
      '<?xml version="1.0"?>\n<!-- <b> -->\n<a x="1>2" y=\'"\'>\n  <b> one </b>\n  <c/>\n</a>\n',
      'a(b:one c)',
    ],
    ['<n:a xmlns:n="urn:x"><n:b>1</n:b></n:a >', 'a(b:1)'],
    ['<a>1<!-- x -->2<![CDATA[<3&amp;>]]></a>', 'a:12<3&amp;>'],
    ['<a>&lt;&#65;&#x42;&amp;amp;&apos;&quot;&gt; AT&T</a>', 'a:<AB&amp;\'"> AT&T'],
    ['<a><__proto__>x</__proto__></a>', 'a(__proto__:x)'],
    [`<a>${'x'.repeat(1_000)}</a>`, `a:${'x'.repeat(100)}`],
  ]
  for (const [text, expected] of cases) assert.equal(told(text), expected, text)
})

test('what is not well-formed, and what could hurt, says why', () => {
  const bomb = '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;">]><a>&z;</a>'
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /ends too early/],
    ['<a>', /ends too early/],
    ['<a', /a tag without an end/],
    ['<a b="', /a tag without an end/],
    ['<a <b>', /a tag without an end/],
    [`<a ${'b'.repeat(5_000)}>`, /a tag without an end/],
    ['<a></b>', /<\/b> ends what did not begin/],
    ['</a>', /ends what did not begin/],
    ['<a/><b/>', /more than one element/],
    ['x<a/>', /text outside/],
    ['<>', /without a name/],
    ['< a>', /without a name/],
    ['<!-- x', /ends too early/],
    ['<a><![CDATA[x</a>', /ends too early/],
    [bomb, /declares a document type/],
    ['<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', /declares a document type/],
    ['<a>&xxe;</a>', /an entity that it cannot declare: xxe/],
    ['<a>'.repeat(6), /deeper than 5/],
    [`<a>${'<b/>'.repeat(1_000)}</a>`, /more than 1000 elements/],
  ]
  for (const [text, expected] of cases) assert.match(told(text), expected, text.slice(0, 80))
})

test('whatever text comes, reading it ends, and throws nothing', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '/',
    'a',
    '"',
    "'",
    '&',
    ';',
    '#',
    'x1',
    '<a>',
    '</a>',
    '<!',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
  )
  fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void told(pieces.join(''))))
})

test('no text takes more than its length in steps', () => {
  const limits = { elements: 100, depth: 10, text: 100 }
  // Each was quadratic in some parser: what is looked for again from the start does not come.
  for (const piece of ['<a ', '<!--', '<![CDATA[', '&', '&#', '<a x="', '</', ' ', '<?'])
    assert(new XmlReader(`<a>${piece.repeat(200_000)}`, limits).read(Infinity))
})

test('it is read some at a time, to the same end', () => {
  const reader = new XmlReader('<a><b>1</b><b>2</b></a>', LIMITS)
  const turns = Array.from({ length: 6 }, () => reader.read(1))
  assert.deepEqual(
    turns.slice(0, 5),
    Array.from({ length: 5 }, () => undefined),
  )
  const read = turns[5]
  assert(read?.ok)
  assert.equal(written(read.root), 'a(b:1 b:2)')
})
