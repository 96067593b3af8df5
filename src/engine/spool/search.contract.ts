/** The part of the contract about finding deliveries. Run by spool.contract.ts. */

import assert from 'node:assert/strict'

import type { MessageId } from '#grammar/message-id'

import { attempt, deferred, delivered, entry, HELLO, newId, NOON } from './fixture.ts'
import { messageIds } from './message-ids.ts'
import type { NewDelivery } from './message.ts'
import type { It } from './operation.contract.ts'
import type { DeliveryFilter, Spool } from './spool.ts'

/** `message.n` of all that is found, page by page, newest first. */
async function found(spool: Spool, filter: DeliveryFilter, limit = 2): Promise<readonly string[]> {
  const names: string[] = []
  for (let before: DeliveryFilter['before']; ;) {
    const { rows, next } = await spool.search(filter, { limit, ...(before && { before }) })
    assert.ok(rows.length <= limit)
    names.push(...rows.map(({ delivery: { key } }) => `${key.message}.${key.n}`))
    if (next === undefined) return names
    before = next
  }
}

function idAtTime(at: number): MessageId {
  return messageIds(1, () => at)()
}

function to(local: string, domain: string): Pick<NewDelivery, 'to'> {
  return { to: { local, domain } }
}

const BOUNCE = { class: 'user-unknown', type: 'hard', rule: 'a rule' } as const

export function searchContract(it: It): void {
  it('finds deliveries by what is known of them, each alone and together', async ({ spool }) => {
    const [first, second, third] = [idAtTime(NOON), idAtTime(NOON + 1000), idAtTime(NOON + 2000)]
    const welcome = { tags: ['welcome', 'ü, "x"'], subject: 'Willkommen, JANE 様' }
    await spool.accept(entry(first, [to('jane', 'example.com'), to('joe', 'example.net')], welcome), HELLO)
    const more = { tags: ['order'], stream: 'news', subject: '100% off_' }
    await spool.accept(entry(second, [to('jane', 'example.com'), to('Jane', 'example.com')], more), HELLO)
    await spool.accept(entry(third, [to('jane', 'example.com')], { organization: 'globex' }), HELLO)
    const last = attempt({ outcome: 'bounced', code: 550, bounce: BOUNCE })
    await spool.settle({ ...delivered(second, 0), state: 'bounced', attempt: last })
    await spool.settle(delivered(first, 1))
    await spool.report(
      { message: first, n: 1 },
      { kind: 'bounce', at: NOON, host: '', status: '', text: '', bounce: BOUNCE },
    )
    const [a0, a1, b0, b1, c0] = [`${first}.0`, `${first}.1`, `${second}.0`, `${second}.1`, `${third}.0`]
    const jane = 'jane@example.com'
    for (const [filter, names] of [
      [{}, [c0, b1, b0, a1, a0]],
      [{ recipient: jane }, [c0, b0, a0]],
      [{ recipient: jane, organization: 'acme' }, [b0, a0]],
      [{ recipient: 'nobody@example.com' }, []],
      [{ recipient: '@example.com', organization: 'acme' }, [b1, b0, a0]],
      [{ recipient: '@EXAMPLE.net' }, [a1]],
      [{ organization: 'globex' }, [c0]],
      [{ organization: 'nobody' }, []],
      [{ tag: 'welcome' }, [a1, a0]],
      [{ tag: 'ü, "x"', recipient: jane }, [a0]],
      [{ tag: ', ' }, []],
      [{ tag: 'order', states: ['bounced'] }, [b0]],
      [{ subject: 'kommen, jane' }, [a1, a0]],
      [{ subject: 'jane 様', recipient: '@example.net' }, [a1]],
      [{ subject: '0% OFF_' }, [b1, b0]],
      [{ subject: '%' }, [b1, b0]],
      [{ class: 'user-unknown' }, [b0, a1]],
      [{ class: 'user-unknown', states: ['delivered'] }, [a1]],
      [{ class: 'mailbox-full' }, []],
      [{ stream: 'news', recipient: jane }, [b0]],
      [{ since: NOON + 1000 }, [c0, b1, b0]],
      [{ until: NOON + 1000, recipient: jane }, [a0]],
      [{ since: NOON + 1, until: NOON + 1001, recipient: jane }, [b0]],
      [{ since: NOON + 3000 }, []],
      [{ message: second }, [b1, b0]],
      [{ message: second, since: NOON + 2000 }, []],
      [{ message: second, recipient: '@example.com', n: 1 }, [b1]],
      [{ recipient: jane, before: { message: third, n: 0 } }, [b0, a0]],
      [{ recipient: '@example.com', before: { message: second, n: 1 } }, [b0, a0]],
    ] as const) {
      assert.deepEqual(await found(spool, filter), names, JSON.stringify(filter))
      assert.deepEqual(
        (await spool.list(filter, { limit: 9 })).map(({ delivery: { key } }) => `${key.message}.${key.n}`),
        names,
      )
    }
  })

  it('finds what was accepted before it was opened again', async (opened) => {
    const { spool } = opened
    const [before, after] = [newId(), newId()]
    await spool.accept(entry(before, [{}], { tags: ['old'] }), HELLO)
    const again = (await opened.reopen?.()) ?? spool
    await again.accept(entry(after, [{}], { tags: ['new'] }), HELLO)
    assert.deepEqual(await found(again, { recipient: 'user0@example.com' }), [`${after}.0`, `${before}.0`])
    assert.deepEqual(await found(again, { tag: 'old' }), [`${before}.0`])
  })

  it('finds them among so many that there are segments, some of them in none yet', async ({ spool }) => {
    const [few, many, last] = [newId(), newId(), newId()]
    const recipients = Array.from({ length: 16_500 }, (_, n) => ({
      to: { local: `many${n}`, domain: `d${n % 100}.example` },
      state: 'waiting' as const,
    }))
    await spool.accept(entry(few, [{}]), HELLO)
    await spool.accept(entry(many, recipients, { tags: ['bulk'] }), HELLO)
    await spool.accept(entry(last, [{}]), HELLO)
    assert.deepEqual(await found(spool, { recipient: 'user0@example.com' }), [`${last}.0`, `${few}.0`])
    assert.deepEqual(await found(spool, { recipient: 'many16499@d99.example' }), [`${many}.16499`])
    assert.deepEqual(await found(spool, { recipient: 'many0@d1.example' }), [])
    const domain = await found(spool, { recipient: '@d7.example', tag: 'bulk' }, 100)
    assert.deepEqual(
      domain,
      Array.from({ length: 165 }, (_, i) => `${many}.${16_407 - 100 * i}`),
    )
    const { rows, next } = await spool.search({ tag: 'bulk', subject: 'nothing has it' }, { limit: 10 })
    assert.deepEqual(rows, [])
    assert.ok(next === undefined || next.message === many)
  })

  it('forgets entries with their messages', async ({ spool }) => {
    const [gone, kept] = [newId(), newId()]
    for (const id of [gone, kept]) await spool.accept(entry(id), HELLO)
    await spool.settle(delivered(gone))
    await spool.settle(deferred(kept, NOON))
    assert.equal(await spool.forget(NOON + 5000, 10), 1)
    assert.deepEqual(await found(spool, { recipient: 'user0@example.com' }), [`${kept}.0`])
  })
}
