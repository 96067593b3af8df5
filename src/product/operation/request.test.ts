import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { OperationError } from './operation-error.ts'
import type { Operations } from './operation.ts'
import { OPERATION_NAMES, perform } from './request.ts'

type Call = { readonly operation: string; readonly argument: unknown }

/** Operations that only say what they were called with. */
function recorder(): { readonly operations: Operations; readonly calls: Call[] } {
  const calls: Call[] = []
  const record = (operation: string) => (argument: unknown) => {
    calls.push({ operation, argument })
    return Promise.resolve(null)
  }
  const table = Object.fromEntries(OPERATION_NAMES.map((name) => [name, record(name)]))
  return { operations: table as unknown as Operations, calls }
}

const ID = '0ab3xk9m2pq'

/** What is asked for, and what the operation gets. */
const GOOD: readonly (readonly [operation: string, argument: unknown, becomes: unknown])[] = [
  ['status', undefined, undefined],
  ['status', null, undefined],
  ['status', {}, undefined],
  ['reload', undefined, undefined],
  ['queues', { limit: 50 }, { limit: 50 }],
  ['queues', { limit: 1, match: 'Gmail.com' }, { limit: 1, match: 'Gmail.com' }],
  ['messages', { limit: 1000, queue: undefined, states: null }, { limit: 1000 }],
  ['message', { id: ID.toUpperCase() }, { id: ID }],
  ['messages', { limit: 1, before: { message: ID, n: 0 } }, { limit: 1, before: { message: ID, n: 0 } }],
  ['messages', { limit: 1, recipient: '@EXAMPLE.com' }, { limit: 1, recipient: '@example.com' }],
  ['messages', { limit: 1, recipient: '@例え.jp' }, { limit: 1, recipient: '@xn--r8jz45g.jp' }],
  ['messages', { limit: 1, recipient: 'Bob@EXAMPLE.com' }, { limit: 1, recipient: 'Bob@example.com' }],
  ['messages', { limit: 1, sender: '"a b"@example.com' }, { limit: 1, sender: '"a b"@example.com' }],
  [
    'messages',
    { limit: 1, recipient: 'docomo..user.@docomo.ne.jp' },
    { limit: 1, recipient: '"docomo..user."@docomo.ne.jp' },
  ],
  [
    'change',
    { filter: { states: ['held'] }, change: 'release', reason: 'all is well' },
    { filter: { states: ['held'] }, change: 'release', reason: 'all is well' },
  ],
  [
    'send',
    { organization: 'default', stream: 's', from: '', to: ['a@b.example'], content: 'QQ==' },
    { organization: 'default', stream: 's', from: '', to: ['a@b.example'], content: 'QQ==' },
  ],
]

for (const [operation, argument, becomes] of GOOD) {
  test(`${operation} takes ${JSON.stringify(argument)}`, async () => {
    const { operations, calls } = recorder()
    await perform(operations, operation, argument)
    assert.deepEqual(calls, [{ operation, argument: becomes }])
  })
}

const SEND = { organization: 'default', stream: 's', from: '', to: ['a@b.example'], content: '' }

const BAD: readonly (readonly [operation: string, argument: unknown, says: RegExp])[] = [
  ['nothing-like-it', {}, /^there is no operation "nothing-like-it"$/],
  ['__proto__', {}, /^there is no operation/],
  ['constructor', {}, /^there is no operation/],
  ['x'.repeat(5000), {}, /^there is no operation "x{40}"$/],
  ['status', { id: 1 }, /^status: expected nothing named "id"$/],
  ['status', [], /^status: expected an object$/],
  ['message', null, /^message: id: expected a message id such as/],
  ['message', 'id', /^message: expected an object$/],
  ['message', { id: 7 }, /^message: id: expected a message id/],
  ['message', { id: `${ID}q` }, /expected a message id/],
  ['message', { id: 'zzzzzzzzzzz' }, /expected a message id/],
  ['message', { id: [ID] }, /expected a message id/],
  ['message', { id: { toString: 'x' } }, /expected a message id/],
  ['messages', {}, /^messages: limit: expected a whole number from 1 to 1000$/],
  ['messages', { limit: 1001 }, /limit: expected a whole number/],
  ['messages', { limit: 0.5 }, /limit: expected a whole number/],
  ['messages', { limit: '5' }, /limit: expected a whole number/],
  ['messages', { limit: 5, states: ['held', 'lost'] }, /^messages: states\[1\]: expected one of waiting, /],
  ['messages', { limit: 5, states: [] }, /^messages: states: expected a list of 1 to 7$/],
  ['messages', { limit: 5, states: 'held' }, /states: expected a list/],
  ['messages', { limit: 5, before: { message: ID } }, /^messages: before\.n: expected a whole number/],
  ['messages', { limit: 5, before: { message: ID, n: -1 } }, /before\.n/],
  [
    'messages',
    { limit: 5, recipient: 'nobody' },
    /^messages: recipient: expected an address, or @ and a domain$/,
  ],
  ['messages', { limit: 5, recipient: '@' }, /recipient/],
  ['messages', { limit: 5, sender: '@example.com' }, /^messages: sender: expected an address$/],
  [
    'messages',
    { limit: 5, queue: 'a\nb' },
    /^messages: queue: expected text of one line, 255 characters at most$/,
  ],
  ['change', { change: 'hold', reason: '', filter: { n: 1e9 } }, /^change: filter\.n: expected/],
  [
    'change',
    { filter: {}, change: 'destroy', reason: '' },
    /^change: change: expected one of hold, release, cancel, retry$/,
  ],
  ['change', { filter: {}, change: 'hold' }, /^change: reason: expected text/],
  [
    'change',
    JSON.parse('{"filter":{"__proto__":{"states":["held"]}},"change":"hold","reason":""}'),
    /nothing named "__proto__"/,
  ],
  ['send', { ...SEND, content: 'not base64!' }, /^send: content: expected base64$/],
  ['send', { ...SEND, to: [] }, /^send: to: expected a list of 1 to/],
  ['send', { ...SEND, to: [['a@b.example']] }, /^send: to\[0\]: expected text/],
  ['dkimActivate', { name: 'example.com' }, /^dkimActivate: force: expected true or false$/],
  ['dkimActivate', { name: 'example.com', force: 'no' }, /^dkimActivate: force: expected true or false$/],
  ['domainAdd', { name: 'example.com' }, /^domainAdd: organization: expected text/],
  [
    'credentialAdd',
    { organization: 'a', stream: 'b', note: 'x'.repeat(256) },
    /^credentialAdd: note: expected text/,
  ],
  ['credentialRevoke', { login: null }, /^credentialRevoke: login: expected text/],
]

for (const [operation, argument, says] of BAD) {
  test(`${operation.slice(0, 20)} refuses ${JSON.stringify(argument)?.slice(0, 80)}`, () => {
    const { operations, calls } = recorder()
    assert.throws(
      () => perform(operations, operation, argument),
      (error) => error instanceof OperationError && error.code === 'invalid' && says.test(error.message),
    )
    assert.deepEqual(calls, [])
  })
}

test('whatever JSON comes along, an operation is called with what it takes, or the answer is invalid', () => {
  const names = fc.constantFrom(...OPERATION_NAMES, 'toString')
  const keys = fc.constantFrom(
    'limit',
    'id',
    'filter',
    'states',
    'change',
    'reason',
    'name',
    'before',
    'n',
    'message',
    'to',
    '__proto__',
  )
  const argument = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(keys, fc.oneof(fc.jsonValue(), fc.dictionary(keys, fc.jsonValue()))),
  )
  fc.assert(
    fc.property(names, argument, (operation, given) => {
      const { operations, calls } = recorder()
      try {
        void perform(operations, operation, given)
        assert.equal(calls.length, 1)
      } catch (error) {
        assert.ok(error instanceof OperationError && error.code === 'invalid', String(error))
        assert.equal(calls.length, 0)
      }
    }),
    { numRuns: 300 },
  )
})
