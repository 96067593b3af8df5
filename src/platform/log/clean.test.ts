import assert from 'node:assert/strict'
import { test } from 'node:test'

import { cleanFields, cleanText } from './clean.ts'
import { memoryLog } from './memory.ts'

test('values under names of secrets are not shown, at any depth', () => {
  const shown = JSON.stringify(
    cleanFields({
      password: 'hunter2',
      auth: { Authorization: 'hunter2', apiToken: 'hunter2' },
      keys: new Map([['privateKey', 'hunter2']]),
      client_secret: { a: 'hunter2' },
    }),
  )
  assert.doesNotMatch(shown, /hunter2/)
  assert.equal(cleanFields({ credential: 'app-1' })['credential'], 'app-1')
})

test('texts are cut at 1,000 characters', () => {
  assert.equal(cleanText('x'.repeat(1001)), `${'x'.repeat(1000)}…`)
  assert.equal(cleanText('x'.repeat(1000)).length, 1000)
})

test('an error keeps its name, code, message, frames and cause', () => {
  const cause = Object.assign(new RangeError('disk\nfull'), { code: 'ENOSPC' })
  const { error } = cleanFields({ error: new Error('no room', { cause }) }) as {
    error: { name: string; message: string; stack: string[]; cause: Record<string, unknown> }
  }
  assert.deepEqual([error.name, error.message], ['Error', 'no room'])
  assert.match(error.stack[0] ?? '', /^at .*clean\.test\.ts/)
  assert.deepEqual(
    { ...error.cause, stack: [] },
    { name: 'RangeError', code: 'ENOSPC', message: 'disk full', stack: [] },
  )
})

test('what JSON cannot carry is said in words', () => {
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  const fields = {
    big: 2n,
    bytes: new Uint8Array(3),
    at: new Date(0),
    never: new Date(Number.NaN),
    f: () => 1,
    set: new Set([1]),
  }
  assert.deepEqual(cleanFields({ ...fields, gone: undefined, loop }), {
    big: '2',
    bytes: '[3 octets]',
    at: '1970-01-01T00:00:00.000Z',
    never: null,
    f: '[function]',
    set: [1],
    loop: { self: { self: { self: { self: '[deeper]' } } } },
  })
})

test('a key that JavaScript knows is a key like any other', () => {
  const fields = cleanFields({ headers: new Map([['__proto__', 'x']]) })
  assert.equal(JSON.stringify(fields), '{"headers":{"__proto__":"x"}}')
})

test('a log in memory keeps lines in order, with the fields of `with`, cleaned', () => {
  const log = memoryLog()
  log.with({ door: 'mx\n' }).warn('a', { n: 1 })
  log.info('b')
  assert.deepEqual(log.lines, [
    { level: 'warn', event: 'a', fields: { door: 'mx ', n: 1 } },
    { level: 'info', event: 'b', fields: {} },
  ])
})
