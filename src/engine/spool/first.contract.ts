/** The part of the contract about what a recipient did first. Run by spool.contract.ts. */

import assert from 'node:assert/strict'

import type { NewEvent } from './event.ts'
import { entry, HELLO, newId, NOON } from './fixture.ts'
import type { MessageId } from '#grammar/message-id'
import type { Report } from './message.ts'
import type { It } from './operation.contract.ts'
import type { Spool } from './spool.ts'

/** Somebody followed a link, or opened the message. */
function done(message: MessageId, kind: 'opened' | 'clicked', by: 'human' | 'machine', at = NOON): NewEvent {
  const event = {
    kind,
    at,
    organization: 'acme',
    stream: 'marketing',
    message,
    n: 0,
    to: 'a@example.org',
  } as const
  const of = { host: '', status: '', text: '', reader: { class: by, rule: 'none' } }
  const keep: Report = { kind: kind === 'opened' ? 'open' : 'click', at, ...of }
  return { ...event, class: by, data: { class: by }, ...(by === 'human' && { keep }) }
}

async function told(spool: Spool): Promise<readonly (readonly [string, boolean])[]> {
  const { events } = await spool.events({ organization: 'acme', limit: 100 })
  return events.filter(({ kind }) => kind !== 'accepted').map(({ kind, first }) => [kind, first === true])
}

async function counts(spool: Spool): Promise<object> {
  const [row] = await spool.counts({ organization: 'acme', from: 0, to: NOON * 2, by: [] })
  const { accepted: _, ...others } = row?.counts ?? {}
  return others
}

async function reports(spool: Spool, id: MessageId): Promise<readonly Report[]> {
  return (await spool.show(id))?.deliveries[0]?.reports ?? []
}

export function firstContract(it: It): void {
  it('keeps the first of what a recipient did, and counts it besides all that were', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id), HELLO)
    await spool.append(done(id, 'opened', 'machine'))
    await spool.append(done(id, 'opened', 'human', NOON + 1))
    await spool.append(done(id, 'opened', 'human', NOON + 2))
    await spool.append(done(id, 'clicked', 'human', NOON + 3))
    assert.deepEqual(await told(spool), [
      ['opened', false],
      ['opened', true],
      ['opened', false],
      ['clicked', true],
    ])
    assert.deepEqual(await counts(spool), { opened: 3, unique_opens: 1, clicked: 1, unique_clicks: 1 })
    const kept = await reports(spool, id)
    assert.deepEqual(
      kept.map(({ kind, at, reader }) => [kind, at, reader?.class]),
      [
        ['open', NOON + 1, 'human'],
        ['click', NOON + 3, 'human'],
      ],
    )
  })

  it('takes one of those that come together for the first', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id), HELLO)
    await Promise.all([1, 2, 3].map((i) => spool.append(done(id, 'opened', 'human', NOON + i))))
    assert.equal((await told(spool)).filter(([, isFirst]) => isFirst).length, 1)
    assert.deepEqual(await counts(spool), { opened: 3, unique_opens: 1 })
    assert.equal((await reports(spool, id)).length, 1)
  })

  it('keeps nothing of a delivery that it has no record of, and tells it all the same', async ({ spool }) => {
    await spool.append(done(newId(), 'clicked', 'human'))
    assert.deepEqual(await told(spool), [['clicked', false]])
    assert.deepEqual(await counts(spool), { clicked: 1 })
  })

  it('counts by who did it', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id), HELLO)
    await spool.append(done(id, 'opened', 'machine'))
    await spool.append(done(id, 'opened', 'human'))
    const rows = await spool.counts({ organization: 'acme', from: 0, to: NOON * 2, by: ['class'] })
    const of = rows.map(({ key, counts: { opened, unique_opens } }) => [key.class, opened, unique_opens])
    assert.deepEqual(of, [
      ['', undefined, undefined],
      ['human', 1, 1],
      ['machine', 1, undefined],
    ])
  })
}
