import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import type { ClaimedRow, Key, MessageRow } from './engine.ts'
import { fromInteger } from '#grammar/message-id'
import { NOON } from './fixture.ts'
import { selects } from './memory-selection.ts'
import { Entries } from './search-entries.ts'
import type { Segment } from './search-entries.ts'
import { search } from './search.ts'
import type { SearchSource } from './search.ts'
import type { Selected } from './selection.ts'

type Mail = { readonly id: number; readonly to: readonly string[]; readonly tags?: readonly string[] }

function messageRow({ id, to, tags }: Mail): MessageRow {
  const deliveries = to.map((one) => [one, 'q', 0, NOON, 'active', null, null] as const)
  const labels = tags === undefined ? null : JSON.stringify(tags)
  return [id, NOON, 'acme', 'news', '', 5, '{}', 0, 5, 0, deliveries, labels, null, null, null, '']
}

function claimedRows({ id, to, tags }: Mail): readonly ClaimedRow[] {
  const labels = tags === undefined ? null : JSON.stringify(tags)
  return to.map((one, n) => [
    ...([id, NOON, 'acme', 'news', '', 5, '{}', n, one, 'q', 0, NOON, 'active'] as const),
    ...([0, 0, null, null, null, labels, null, null] as const),
  ])
}

function isBefore(row: ClaimedRow, { before }: Selected): boolean {
  return (
    before === undefined || keyText(row[0], row[7]) < `${before.message}.${String(before.n).padStart(6, '0')}`
  )
}

/** Commits of some mail each, the last `recent` of them in no segment; and what is looked at. */
function world(
  commits: readonly (readonly Mail[])[],
  { recent = 0, without = 0 }: { recent?: number; without?: number } = {},
): { source: SearchSource; rows: readonly ClaimedRow[]; looked: { rows: number; blocks: number } } {
  const rows = commits
    .flat()
    .flatMap(claimedRows)
    .toSorted((a, b) => b[0] - a[0] || b[7] - a[7])
  const byMessage = Map.groupBy(rows, ([id]) => id)
  const looked = { rows: 0, blocks: 0 }
  const entriesOf = (mails: readonly Mail[]): Entries => {
    const entries = new Entries()
    for (const mail of mails) if (mail.id > without) entries.addMessage(messageRow(mail))
    return entries
  }
  const cut = commits.length - recent
  const segments: readonly Segment[] = commits
    .slice(0, cut)
    .flatMap((mails) => entriesOf(mails).segments())
    .toSorted((a, b) => b.newest - a.newest)
  const told = (some: readonly ClaimedRow[], filter: Selected, limit: number): readonly ClaimedRow[] => {
    looked.rows += some.length
    return some.filter((row) => selects(filter, row) && isBefore(row, filter)).slice(0, limit)
  }
  return {
    rows,
    looked,
    source: {
      without,
      newest: () => rows[0]?.[0] ?? -1,
      below: (upper, deliveries) => rows.filter(([id]) => id <= upper)[deliveries]?.[0] ?? -1,
      between: (below, upper, filter, limit) =>
        told(
          rows.filter(([id]) => id > below && id <= upper),
          filter,
          limit,
        ),
      among: (ranges, filter, limit) =>
        told(
          ranges.flatMap(([id, from, to]) =>
            (byMessage.get(id) ?? []).filter((row) => row[7] >= from && row[7] <= to),
          ),
          filter,
          limit,
        ),
      recent: () => commits.slice(cut).map((mails) => entriesOf(mails).octets()),
      blocks: (number, { lowest, upper }, { offset, limit }) => {
        looked.blocks += 1
        return segments
          .filter(({ oldest, newest }) => newest >= lowest && oldest <= upper)
          .flatMap(({ newest, blocks }) =>
            blocks.filter(([block]) => block === number).map(([, octets]) => [newest, octets] as const),
          )
          .slice(offset, offset + limit)
      },
      breathe: () => {},
    },
  }
}

function keyText(id: number, n: number): string {
  return `${fromInteger(id)}.${String(n).padStart(6, '0')}`
}

async function all(
  source: SearchSource,
  filter: Selected,
  limit: number,
): Promise<{ keys: readonly string[]; pages: number }> {
  const keys: string[] = []
  for (let pages = 1, next: Key | null = null; ; pages += 1) {
    const before = next === null ? {} : { before: { message: fromInteger(next[0]), n: next[1] } }
    const [rows, more]: readonly [readonly ClaimedRow[], Key | null] = await search(source, filter, {
      limit,
      ...before,
    })
    keys.push(...rows.map((row) => keyText(row[0], row[7])))
    if (more === null) return { keys, pages }
    next = more
  }
}

const FILTERS: readonly Selected[] = [
  {},
  { recipient: 'a@x.example' },
  { recipient: '@x.example' },
  { tag: 't', recipient: '@x.example' },
  { organization: 'acme', tag: 't' },
  { organization: 'acme' },
  { organization: 'other' },
]

const mail = fc.record({
  id: fc.integer({ min: 1, max: 60 }),
  to: fc.array(fc.constantFrom('a@x.example', 'b@x.example', 'c@y.example'), { minLength: 1, maxLength: 4 }),
  tags: fc.array(fc.constantFrom('t', 'u'), { maxLength: 2 }).map((tags) => [...new Set(tags)]),
})

test('page by page everything that is meant is found once, the newest first, wherever its entries are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(mail, { selector: ({ id }) => id, maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(...FILTERS),
      fc.record({ limit: fc.integer({ min: 1, max: 7 }), recent: fc.nat(6), without: fc.nat(30) }),
      async (mails, each, filter, { limit, recent, without }) => {
        const commits = Array.from({ length: Math.ceil(mails.length / each) }, (_, i) =>
          mails.slice(i * each, (i + 1) * each),
        )
        const { source, rows } = world(commits, { recent, without })
        const meant = rows.filter((row) => selects(filter, row)).map((row) => keyText(row[0], row[7]))
        assert.deepEqual((await all(source, filter, limit)).keys, meant)
      },
    ),
    { numRuns: 300 },
  )
})

const COMMON = Array.from({ length: 120 }, (_, commit) =>
  Array.from({ length: 100 }, (__, i) => ({ id: 1 + commit * 100 + i, to: ['a@x.example'] })),
)

test('of what is common only the newest is looked at', async () => {
  const { source, looked } = world(COMMON)
  const [rows] = await search(source, { recipient: '@x.example' }, { limit: 10 })
  assert.deepEqual(
    rows.map(([id]) => id),
    Array.from({ length: 10 }, (_, i) => 12_000 - i),
  )
  assert.ok(looked.rows <= 2_000, String(looked.rows))
  assert.equal(looked.blocks, 1)
})

test('a question that finds nothing among much ends, and goes on where it ended', async () => {
  const filter = { recipient: '@x.example', subject: 'nothing has it' }
  const { source, looked } = world(COMMON)
  const [rows, next] = await search(source, filter, { limit: 10 })
  assert.deepEqual([rows, next], [[], [2_001, 0]])
  assert.equal(looked.rows, 10_000)
  assert.deepEqual((await all(source, filter, 10)).keys, [])
})

test('a message of very many recipients is looked at in parts', async () => {
  const to = Array.from({ length: 5_000 }, (_, n) => `u${n}@x.example`)
  const { source, looked } = world([[{ id: 7, to, tags: ['t'] }]])
  const [rows, next] = await search(source, { tag: 't' }, { limit: 3 })
  assert.deepEqual(
    rows.map((row) => row[7]),
    [4_999, 4_998, 4_997],
  )
  assert.deepEqual(next, [7, 4_997])
  assert.equal(looked.rows, 2_000)
  assert.equal((await all(source, { tag: 't' }, 1_000)).keys.length, 5_000)
})
