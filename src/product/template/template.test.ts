import assert from 'node:assert/strict'
import { test } from 'node:test'

import { compileTemplate, TEMPLATE_LIMITS } from './index.ts'
import type { Template, TemplateSource } from './index.ts'

const AT = Date.UTC(2026, 10, 22)

function compiled(source: Partial<TemplateSource>): Template {
  const result = compileTemplate({ subject: 'Hello', ...source })
  assert(result.ok)
  return result.value
}

/** Without fields where there are none. */
function filled(source: Partial<TemplateSource>, data: Record<string, unknown> = {}): unknown {
  const result = compileTemplate({ subject: 'Hello', ...source })
  if (!result.ok) return result.faults
  const made = result.value.fillIn(data, AT)
  if (!made.ok) return made.faults
  const { fields, ...rest } = made.value
  return fields.length === 0 ? rest : made.value
}

test('variables, conditions and loops are filled in; what data has not is empty', () => {
  const text =
    '{{ name }}: {% for item in items %}{{ item.title }},{% endfor %}{% if vip %}!{% endif %}{{ none }}'
  const data = { name: '山田', items: [{ title: 'a' }, { title: 'b' }], vip: true }
  assert.deepEqual(filled({ subject: 'For {{ name }}', text }, data), {
    subject: 'For 山田',
    text: '山田: a,b,!',
  })
})

test('data is shown in HTML, not obeyed; raw says otherwise', () => {
  const data = { name: '<b>&' }
  assert.deepEqual(filled({ html: '<p>{{ name }}{{ name | raw }}</p>', text: '{{ name }}' }, data), {
    subject: 'Hello',
    text: '<b>&',
    html: '<p>&lt;b&gt;&amp;<b>&</p>',
  })
})

test('a line break in data is no field of its own', () => {
  const data = { name: 'a\r\nBcc: b@example.com' }
  assert.deepEqual(filled({ subject: '{{ name }}' }, data), [
    { place: '/subject', why: 'a line break or control character in what must be one line' },
  ])
  assert.deepEqual(filled({ headers: { 'X-Name': '{{ name }}' } }, data), [
    { place: '/headers/X-Name', why: 'a line break or control character in what must be one line' },
  ])
})

test('no file is read, no prototype is seen, nothing grows without end', () => {
  for (const text of [
    '{% include "/etc/passwd" %}',
    '{% render "x" %}',
    '{% layout "x" %}',
    '{{ "x" | nosuch }}',
    '{% if %}{{',
  ])
    assert.match(JSON.stringify(filled({ text })), /"place":"\/text"/, text)
  assert.deepEqual(
    filled({ text: '{{ name.constructor }}{{ constructor.name }}{{ __proto__ }}' }, { name: 'a' }),
    {
      subject: 'Hello',
      text: '',
    },
  )
  for (const text of [
    '{% for i in (1..1000000000) %}x{% endfor %}',
    '{% assign a = "xxxxxxxxxx" %}{% for i in (1..30) %}{% assign a = a | append: a %}{% endfor %}{{ a }}',
    '{% for i in (1..2000) %}{% for j in (1..2000) %}x{% endfor %}{% endfor %}',
  ])
    assert.match(JSON.stringify(filled({ text })), /"place":"\/text"/, text)
  assert.match(JSON.stringify(filled({ text: 'x'.repeat(TEMPLATE_LIMITS.source + 1) })), /"place":"\/text"/)
})

test('what a header section must not have is found without making the bodies', () => {
  const template = compiled({
    subject: '{{ a }}',
    headers: { 'X-B': '{{ b }}' },
    text: '{{ "x" | slice: a }}',
  })
  assert.deepEqual(template.faultsOfFields({ a: 'fine', b: 'fine' }, AT), [])
  const places = (data: Record<string, unknown>): readonly string[] =>
    template.faultsOfFields(data, AT).map(({ place }) => place)
  assert.deepEqual(places({ a: 'x\ny', b: 'x\ry' }), ['/subject', '/headers/X-B'])
  assert.deepEqual(places({ a: 'x\0', b: 'x'.repeat(999) }), ['/subject', '/headers/X-B'])
  assert.deepEqual(places({ b: '\u0007' }), ['/headers/X-B'])
})

test('what is filled in is the same however often: now is the time of the message, and nothing is drawn by lot', () => {
  const text = '{{ "now" | date: "%Y-%m-%d %H" }} {{ "today" | date_to_xmlschema }} {{ day | date: "%d" }}'
  const template = compiled({ text })
  const made = (at: number): unknown => template.fillIn({ day: '2020-01-05T12:00:00' }, at)
  assert.deepEqual(made(AT), made(AT))
  assert.match(JSON.stringify(made(AT)), /"text":"2026-11-2\d .* 05"/)
  assert.match(JSON.stringify(filled({ text: '{{ list | sample }}' })), /undefined filter: sample/)
})

test('a template without anything to fill in is given as it is, braces and all', () => {
  const text = 'a { b } {% raw %}{{ c }}{% endraw %} % }}'
  assert.deepEqual(filled({ text: 'a { b } % }}' }), { subject: 'Hello', text: 'a { b } % }}' })
  assert.deepEqual(filled({ text }), { subject: 'Hello', text: 'a { b } {{ c }} % }}' })
})
