import assert from 'node:assert/strict'
import { test } from 'node:test'

import { array, assert as check, boolean, constantFrom, integer, property, record, tuple } from 'fast-check'

import { Transaction } from './transaction.ts'
import type { Plan } from './transaction.ts'

const plans = record({
  reset: boolean(),
  mail: constantFrom('MAIL FROM:<>\r\n'),
  rcpt: integer({ min: 1, max: 4 }).map((count) =>
    Array.from({ length: count }, (_, n) => `RCPT TO:<${n}@example.com>\r\n`),
  ),
  pipelining: boolean(),
  body: constantFrom('DATA' as const, 'BDAT' as const),
})

const replies = array(tuple(constantFrom(220, 250, 251, 354, 421, 450, 452, 500, 550, 554), boolean()), {
  maxLength: 12,
})

test('no replies whatever leave a recipient without a verdict, or deliver without content', () => {
  check(
    property(plans, boolean(), replies, (plan, atOnce, said) => {
      const transaction = new Transaction(planned(plan, atOnce))
      let order = transaction.begin()
      let isContentSent = false
      const contentSent = (): void => {
        if (order.content === undefined) return
        isContentSent = true
        transaction.sent()
      }
      contentSent()
      for (const [code, isLast] of said) {
        if (order.over !== undefined) break
        order = transaction.reply({ code, lines: ['text'] }, isLast)
        contentSent()
      }
      if (order.over === undefined) transaction.lost({ kind: 'closed' })
      assert.equal(transaction.verdicts.length, plan.rcpt.length)
      for (const verdict of transaction.verdicts) {
        assert.ok(verdict !== undefined)
        if (verdict.outcome === 'delivered') assert.ok(isContentSent)
      }
    }),
    { numRuns: 2000 },
  )
})

/** Content at once needs pipelining. */
function planned(plan: Plan, atOnce: boolean): Plan {
  return plan.pipelining && atOnce && plan.body === 'BDAT' ? { ...plan, body: 'BDAT at once' } : plan
}

test('a connection lost before the first reply has touched nothing, unless the content was sent', () => {
  const plan: Plan = { reset: false, mail: 'MAIL\r\n', rcpt: ['RCPT\r\n'], pipelining: true, body: 'DATA' }
  const plain = new Transaction(plan)
  plain.begin()
  assert.equal(plain.isUntouched, true)
  const atOnce = new Transaction({ ...plan, body: 'BDAT at once' })
  atOnce.begin()
  assert.equal(atOnce.isUntouched, false)
  atOnce.sent()
  atOnce.lost({ kind: 'closed' })
  assert.match(atOnce.verdicts[0]?.text ?? '', /may have taken the message/)
})
