import assert from 'node:assert/strict'
import { test } from 'node:test'

import { explainStatus } from './explain.ts'

test('a status has its own words, those of its subject, or those of its class. RFC 3463 §3', () => {
  assert.match(explainStatus('5.1.1').en.what, /no such address/)
  assert.equal(explainStatus('5.1.99'), explainStatus('5.1.0'))
  assert.notEqual(explainStatus('5.1.99'), explainStatus('5.1.1'))
  assert.equal(explainStatus('5.9.9'), explainStatus('5.0.0'))
  assert.equal(
    explainStatus('4.0.0').en.what,
    'The receiving server says that it cannot take the message now.',
  )
  assert.match(explainStatus('9.9.9').en.what, /could not be delivered/)
  assert.match(explainStatus('').ja.what, /届けられませんでした/)
  assert.match(explainStatus('__proto__').en.what, /could not be delivered/)
})

test('the codes that people meet have words of their own, in both languages', () => {
  const common = [
    '5.1.1',
    '5.1.2',
    '5.1.3',
    '5.1.10',
    '5.2.1',
    '5.2.2',
    '5.3.4',
    '5.4.4',
    '5.4.6',
    '5.4.7',
    '5.6.3',
    '5.6.7',
    '5.7.1',
    '5.7.26',
  ]
  for (const status of common) {
    const { ja, en } = explainStatus(status)
    assert.notEqual(en, explainStatus(`${status.slice(0, 3)}.999`).en)
    assert(/[ぁ-ん]/.test(ja.what) && /[ぁ-ん]/.test(ja.todo), status)
    assert(/^[\x20-\x7e]+$/.test(en.what) && /^[\x20-\x7e]+$/.test(en.todo), status)
  }
})

test('what is still tried asks nothing of the sender', () => {
  for (const status of ['4.0.0', '4.2.2', '4.4.1', '4.7.0'])
    assert.match(explainStatus(status).en.todo, /need not do anything/)
})
