import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Names } from './count-names.ts'
import { eventsOf } from './event.ts'
import type { MessageRow } from './engine.ts'
import { NOON } from './fixture.ts'
import { Ledger } from './ledger.ts'

function row(id: number, metadata: string | null): MessageRow {
  const to = ['user@example.com', 'q', 0, NOON, 'active', null, null] as const
  return [id, NOON, 'acme', 'news', 'a@acme.example', 5, '{}', 0, 5, 0, [to], null, metadata, null, null, '']
}

for (const [what, metadata, most] of [
  ['is turned when what senders say of their mail fills it', `{"long":"${'x'.repeat(9_000)}"}`, 30],
  ['is not turned for less', null, 60],
] as const)
  test(`a page of the log ${what}`, () => {
    const ledger = new Ledger(new Names())
    for (let id = 1; id <= 60; id += 1) ledger.accepted(row(id, metadata))
    const pages = ledger.pages()
    const counts = pages.map(([, count]) => count)
    assert.ok(Math.max(...counts) >= most - 1 && Math.max(...counts) <= most, String(counts))
    const events = pages.flatMap(([organization, , entries], i) => eventsOf([0, i, organization, entries]))
    assert.equal(events.length, 60)
    assert.ok(events.every((event) => (event.metadata !== undefined) === (metadata !== null)))
  })
