import assert from 'node:assert/strict'
import { test } from 'node:test'

import { memorySpool } from '#engine/spool'
import type { Spool } from '#engine/spool'

import { formatPlace, parsePlace, readEvents } from './index.ts'

const NOON = Date.UTC(2026, 10, 22, 12)

async function opened(spool: Spool, ...recipients: readonly string[]): Promise<void> {
  for (const to of recipients) await spool.append({ kind: 'opened', at: NOON, organization: 'acme', to })
}

const ALL = { organization: 'acme', limit: 100 }

test('a place is written and read back, before the first event as well', async () => {
  const spool = await memorySpool()
  const start = { after: '', since: 0 }
  const nothing = await readEvents(spool, ALL, start)
  assert.deepEqual(parsePlace(formatPlace(nothing.next)), start)
  await opened(spool, 'a@example.com', 'b@example.com', 'c@example.com')
  const page = await readEvents(spool, ALL, parsePlace(formatPlace(nothing.next)) ?? start)
  assert.deepEqual(
    page.events.map(({ event }) => event.recipient),
    ['a@example.com', 'b@example.com', 'c@example.com'],
  )
  for (const [i, { place }] of page.events.entries()) {
    const again = parsePlace(formatPlace(place))
    assert.ok(again)
    const rest = await readEvents(spool, ALL, again)
    assert.deepEqual(
      rest.events.map(({ event }) => event),
      page.events.slice(i + 1).map(({ event }) => event),
    )
  }
  await spool.close()
})

test('what is no place is told from one', () => {
  for (const text of ['', 't', 'x y', 'a'.repeat(2000), 't-1'])
    assert.equal(parsePlace(text), undefined, text)
})
