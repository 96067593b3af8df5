import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'
import { Liquid } from 'liquidjs'

import { writerOf } from './writer.ts'

const PIECES = [
  '{{ name }}',
  '{{name}}',
  '{{- name -}} ',
  '{{ name | raw }}',
  '{{ name | upcase }}',
  '{{ name | escape }}',
  '{{ none }}',
  '{{ user.name }}',
  '{{ user["name"] }}',
  '{{ list }}',
  '{{ list[0] }}',
  '{{ constructor }}',
  '{{ toString }}',
  '{{ at }}',
  '{{ true }}',
  '{{ "text<" }}',
  '{{ 7 }}',
  '{{ name.size }}',
  '{% if name %}<b>{{ name }}</b>{% else %}-{% endif %}',
  '{% for one in list %}{{ one }},{% endfor %}',
  '{% raw %}{{ name }}{% endraw %}',
  '{% comment %}{{ name }}{% endcomment %}',
  '{% assign name = "other" %}',
  '{% capture none %}x{{ name }}{% endcapture %}',
  '<p>&amp; text\r\n</p>',
  '  ',
  '}} { ',
]

const VALUE = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '<b>&"\'',
    '山田',
    '{{ name }}',
    '',
    0,
    -1.5,
    1e21,
    Number.MAX_SAFE_INTEGER,
    true,
    false,
    null,
  ),
  fc.array(fc.string(), { maxLength: 2 }),
)

for (const escapes of [true, false]) {
  test(`what is written ${escapes ? 'into HTML' : 'as text'} is what Liquid writes`, () => {
    const liquid = new Liquid({ ownPropertyOnly: true, ...(escapes && { outputEscape: 'escape' }) })
    const options = { liquid, escapes, time: 10_000 }
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }),
        fc.record({ name: VALUE, list: VALUE, user: fc.record({ name: VALUE }) }, { requiredKeys: [] }),
        (pieces, variables) => {
          const text = pieces.join('')
          const expected = String(liquid.parseAndRenderSync(text, variables))
          assert.equal(writerOf(text, options)(variables, 0), expected, text)
        },
      ),
    )
  })
}

test('many loops one after the other end as one would', () => {
  const liquid = new Liquid({ ownPropertyOnly: true, memoryLimit: 1_000 })
  const text = '{% for i in (1..400) %}{% endfor %}'
  const write = (count: number): string =>
    writerOf(text.repeat(count), { liquid, escapes: false, time: 10_000 })({}, 0)
  assert.equal(write(10), '')
  assert.throws(() => write(21), /memory alloc limit exceeded/)
})
