import assert from 'node:assert/strict'
import { test } from 'node:test'

import { AGENT_RULES, CONDUCT_RULES, judge } from './index.ts'
import type { Fetched } from './index.ts'
import { PEOPLE } from './agents.ts'

const PERSON: Fetched = {
  kind: 'click',
  method: 'GET',
  userAgent: PEOPLE[0] ?? '',
  purpose: '',
  age: 60_000,
  links: 1,
}
const PATIENCE = { soon: 5_000 }

function judged(changed: Partial<Fetched>): string {
  const { class: what, rule } = judge({ ...PERSON, ...changed }, PATIENCE)
  return `${what} ${rule}`
}

for (const { name, class: what, samples, source } of AGENT_RULES)
  for (const userAgent of samples)
    test(`${JSON.stringify(userAgent)} is ${what} by ${name}`, () => {
      assert.equal(judged({ userAgent }), `${what} ${name}`)
      assert.match(source, /^(?:https:|guess: )/)
    })

for (const userAgent of PEOPLE)
  test(`${userAgent} is a person's`, () => assert.equal(judged({ userAgent }), 'human none'))

test('names of rules are told apart, and each says where it is from', () => {
  const all = [...CONDUCT_RULES, ...AGENT_RULES]
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
  for (const { source } of all) assert.match(source, /^(?:https:|guess: |RFC )/)
})

const CONDUCT: readonly (readonly [Partial<Fetched>, string])[] = [
  [{ method: 'HEAD' }, 'machine head'],
  [{ purpose: 'prefetch;prerender' }, 'machine prefetch'],
  [{ age: -1 }, 'machine before-delivery'],
  [{ age: 0 }, 'machine too-soon'],
  [{ age: 4_999 }, 'machine too-soon'],
  [{ age: 5_000 }, 'human none'],
  [{ age: undefined }, 'human none'],
  [{ links: 2 }, 'human none'],
  [{ links: 3 }, 'machine many-links'],
  [{ kind: 'open', age: 0, links: 9 }, 'human none'],
]
for (const [changed, expected] of CONDUCT)
  test(`${JSON.stringify(changed)} is ${expected}`, () => assert.equal(judged(changed), expected))

test('without patience nothing is too soon', () => {
  assert.equal(judge({ ...PERSON, age: 0 }, { soon: 0 }).class, 'human')
  assert.equal(judge({ ...PERSON, age: -5 }, { soon: 0 }).class, 'human')
})

test('what was done counts before what is said', () => {
  assert.equal(judged({ method: 'HEAD', userAgent: 'YahooMailProxy' }), 'machine head')
})
