/** What dialogues cannot say: content that is sent, text and its width, failures of the host, many rows. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { OperationError } from '#product/operation'
import type { Operations } from '#product/operation'

import { CliError } from './host.ts'
import { pretendNode, runPretend } from './pretend-node.ts'
import { distance } from './print.ts'
import { cut, harmless, harmlessJson, width } from './text.ts'

const WIDTHS: readonly (readonly [text: string, columns: number])[] = [
  ['', 0],
  ['plain ~', 7],
  ['日本語', 6],
  ['ｶﾅ', 2],
  ['ＡＢ', 4],
  ['한국어', 6],
  ['é', 1],
  ['e\u0301', 1],
  ['が', 2],
  ['か\u3099', 2],
  ['🎉', 2],
  ['𠮷野家', 6],
  ['a\u200db', 2],
  ['…', 1],
]

for (const [text, columns] of WIDTHS) {
  test(`${JSON.stringify(text)} takes ${columns} columns`, () => assert.equal(width(text), columns))
}

test('a text is cut to columns, never inside a character, with an ellipsis only when something is missing', () => {
  assert.equal(cut('abc', 3), 'abc')
  assert.equal(cut('abcd', 3), 'ab…')
  assert.equal(cut('日本語', 6), '日本語')
  assert.equal(cut('日本語', 5), '日本…')
  assert.equal(cut('日本語', 4), '日…')
  assert.equal(cut('𠮷𠮷', 3), '𠮷…')
  assert.equal(cut('\u{1f389}\u{1f389}\u{1f389}', 4), '\u{1f389}…')
  assert.ok(width(cut('x'.repeat(1000), 70)) === 70)
})

test('what moves cursors or reorders text becomes a space; in JSON it is escaped and comes back as it was', () => {
  const hostile = 'a\u001b[2Jb\u009bc\rd\u202ee\u2028f'
  assert.equal(harmless(hostile), 'a [2Jb c d e f')
  assert.doesNotMatch(harmlessJson({ hostile }), /[\p{Cc}]/u)
  assert.deepEqual(JSON.parse(harmlessJson({ hostile })), { hostile })
})

test('distances are told in the two largest units', () => {
  const told = [0, 400, -5_000, 59_000, 60_000, 3_599_000, 3_600_000, 90_061_000, -864_000_000]
  assert.deepEqual(
    told.map((away) => distance(1e12 + away, 1e12)),
    ['now', 'now', '5s ago', 'in 59s', 'in 1m00s', 'in 59m59s', 'in 1h00m', 'in 1d01h', '10d00h ago'],
  )
})

const SEND = [
  'send',
  '--from',
  'Shop <shop@example.org>',
  '--to',
  'Bob <bob@example.com>',
  '--to',
  'carol@example.com',
]

test('send makes a message of its options, and an envelope of addresses alone', async () => {
  const { operations, sent } = await pretendNode()
  const files = new Map([['dir/絵.png', Buffer.from([0x89, 0x50])]])
  const readFile = (path: string): Promise<Buffer> => Promise.resolve(files.get(path) ?? Buffer.alloc(0))
  const options = ['--subject', '件名', '--text', '-', '--html', '<p>x</p>', '--attach', 'dir/絵.png']
  const { code } = await runPretend([...SEND, ...options], operations, { readFile })
  assert.equal(code, 0)
  const [request] = sent
  assert.ok(request)
  const { content, ...envelope } = request
  assert.deepEqual(envelope, {
    from: 'shop@example.org',
    to: ['bob@example.com', 'carol@example.com'],
    organization: 'default',
    stream: 'transactional',
  })
  const text = Buffer.from(content, 'base64').toString()
  assert.match(text, /^From: Shop <shop@example\.org>\r?$/m)
  assert.match(text, /^To: Bob <bob@example\.com>, carol@example\.com\r?$/m)
  assert.match(text, /^Subject: =\?UTF-8\?/m)
  assert.match(text, /^from standard input\r?$/m)
  assert.match(text, /^Content-Disposition: attachment;/m)
  assert.match(text, /^iVA=\r?$/m)
})

test('send hands on a file octet by octet, also from standard input', async () => {
  const { operations, sent } = await pretendNode()
  const raw = Buffer.from('From: a@example.org\n\n\xe4\xff\0\n', 'latin1')
  await runPretend([...SEND, '--file', 'x.eml'], operations, { readFile: () => Promise.resolve(raw) })
  await runPretend([...SEND, '--file', '-'], operations, { input: () => Promise.resolve(raw) })
  assert.deepEqual(
    sent.map(({ content }) => Buffer.from(content, 'base64')),
    [raw, raw],
  )
})

test('send takes the null reverse-path', async () => {
  const { operations, sent } = await pretendNode()
  for (const from of ['', '<>']) {
    const { code } = await runPretend(
      ['send', '--from', from, '--to', 'b@example.com', '--text', 'x'],
      operations,
    )
    assert.equal(code, 0)
  }
  assert.deepEqual(
    sent.map(({ from }) => from),
    ['', ''],
  )
})

const FAILURES: readonly (readonly [error: Error, code: number, message: string])[] = [
  [new OperationError('not-running', 'no node'), 69, 'no node'],
  [new OperationError('invalid', 'nonsense'), 64, 'nonsense'],
  [new OperationError('refused', 'no'), 1, 'no'],
  [new CliError('config', 'mistakes:\n  a\n  b'), 78, 'mistakes:\n  a\n  b'],
  [new Error('disk on fire'), 1, 'disk on fire'],
  [
    new AggregateError([new Error('connect ::1'), new Error('connect 127.0.0.1')], ''),
    1,
    'connect ::1; connect 127.0.0.1',
  ],
  [new RangeError(''), 1, 'RangeError'],
]

function failing(why: Error): () => Promise<never> {
  return async () => {
    throw why
  }
}

for (const [error, code, message] of FAILURES) {
  test(`${error.name} ${JSON.stringify(message)} ends with ${code}, in words, without a stack`, async () => {
    const withNode = failing(error)
    const { operations } = await pretendNode()
    assert.deepEqual(await runPretend(['queue'], operations, { withNode }), {
      code,
      out: '',
      err: `hikyaku: ${message}\n`,
    })
    const inJson = await runPretend(['queue', '--json'], operations, { withNode })
    assert.deepEqual([inJson.code, inJson.err], [code, ''])
    const { error: told } = JSON.parse(inJson.out) as { error: { code: string; message: string } }
    assert.equal(told.message, message)
  })
}

test('serve and start end with the code of the host, and get the configuration that was named', async () => {
  const { operations } = await pretendNode()
  const named: (string | undefined)[] = []
  const end = (code: number) => (options: { readonly config?: string }) => {
    named.push(options.config)
    return Promise.resolve(code)
  }
  const host = { serve: end(7), start: end(0) }
  assert.equal((await runPretend(['--config', 'a.toml', 'serve'], operations, host)).code, 7)
  assert.equal((await runPretend(['start', '--config', 'b.toml'], operations, host)).code, 0)
  assert.deepEqual(named, ['a.toml', 'b.toml'])
})

test('a long list is asked for page by page', async () => {
  const { operations } = await pretendNode()
  const [row] = await operations.messages({ limit: 1 })
  assert.ok(row)
  const asked: { readonly limit: number; readonly before?: { readonly n: number } }[] = []
  const search: Operations['search'] = (query) => {
    asked.push(query)
    const from = query.before?.n ?? 2500
    const length = Math.min(query.limit, from)
    const key = (i: number) => ({ ...row.delivery.key, n: from - 1 - i })
    const rows = Array.from({ length }, (_, i) => ({ ...row, delivery: { ...row.delivery, key: key(i) } }))
    const next = rows.at(-1)?.delivery.key
    return Promise.resolve(next === undefined || next.n === 0 ? { rows } : { rows, next })
  }
  const { out } = await runPretend(['message', 'list', '--limit', '2200', '--json'], {
    ...operations,
    search,
  })
  const rows = JSON.parse(out) as (typeof row)[]
  assert.equal(new Set(rows.map(({ delivery }) => delivery.key.n)).size, 2200)
  assert.deepEqual(
    asked.map(({ limit, before }) => [limit, before?.n]),
    [
      [1000, undefined],
      [1000, 1500],
      [200, 500],
    ],
  )
  asked.length = 0
  const all = await runPretend(['message', 'list', '--limit', '100000'], { ...operations, search })
  assert.equal(asked.length, 3)
  assert.doesNotMatch(all.out, /for more/)
})

test('a change of more than can be listed says how many more', async () => {
  const { operations } = await pretendNode()
  const rows = await operations.messages({ limit: 2 })
  const change: Operations['change'] = () => Promise.resolve({ count: 1_000_000, rows })
  const { out } = await runPretend(['message', 'cancel', '--all'], { ...operations, change })
  assert.match(out, /^… and 999998 more\n1000000 deliveries cancelled\.\n$/m)
})

const BOUNCE = `From: MAILER-DAEMON@mx.example.net
To: shop@example.org
Subject: failure notice

<bob@example.com>:
550 5.1.1 No such user

--- Below this line is a copy of the message.
Message-ID: <1@example.org>
From: shop@example.org
`

test('bounce classify tells of each file in turn, one object a line', async () => {
  const { operations } = await pretendNode()
  const files = new Map([
    ['a.eml', BOUNCE],
    ['b.eml', 'From: bob@example.com\nSubject: Lunch\n\nAt noon?\n'],
  ])
  const { code, out } = await runPretend(
    ['bounce', 'classify', '--json', 'a.eml', 'b.eml', '-'],
    operations,
    {
      readFile: (path) => Promise.resolve(Buffer.from(files.get(path) ?? '')),
      input: () =>
        Promise.resolve(Buffer.from('Auto-Submitted: auto-replied\nFrom: bob@example.com\n\nAway.\n')),
    },
  )
  assert.equal(code, 0)
  const told = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    told.map(({ file, kind }) => [file, kind]),
    [
      ['a.eml', 'bounce'],
      ['b.eml', 'none'],
      ['-', 'auto-reply'],
    ],
  )
  assert.equal(told[0]?.['originalMessageId'], '<1@example.org>')
  const [first] = told
  assert.ok(first)
  const [recipient] = first['recipients'] as Record<string, unknown>[]
  assert.deepEqual(
    [recipient?.['recipient'], recipient?.['class'], recipient?.['type'], recipient?.['status']],
    ['bob@example.com', 'user-unknown', 'hard', '5.1.1'],
  )
})

test('bounce classify tells people the reason and what to do', async () => {
  const { operations } = await pretendNode()
  const { out } = await runPretend(['bounce', 'classify', 'a.eml', '--lang', 'ja'], operations, {
    readFile: () => Promise.resolve(Buffer.from(BOUNCE)),
  })
  assert.match(
    out,
    /^a\.eml: bounce\n {2}bob@example\.com {2}user-unknown \(hard\), by user-unknown\/words\n/,
  )
  assert.match(out, /その宛先は存在しません。/)
})
