import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Claimed, Content } from '#engine/spool'
import { encodeData, encodeLetter } from '#product/template'
import type { FormLetter } from '#product/template'

import { formLetters } from './form-letters.ts'

const LETTER: FormLetter = {
  from: { name: '', mailbox: { local: 'shop', domain: 'example.org' } },
  replyTo: [],
  template: { subject: 'For {{ name }}', text: 'Dear {{ name }}' },
  attachments: [],
  charset: 'utf-8',
  date: Date.UTC(2026, 10, 22),
  boundary: 'b0undary',
}

function claimed(n: number, data: string | undefined, id = '0sa94xg7r00'): Claimed {
  return {
    message: {
      id,
      acceptedAt: Date.UTC(2026, 10, 22),
      client: { address: '192.0.2.1', helo: '[192.0.2.1]', protocol: 'HTTP' },
      from: { local: 'shop', domain: 'example.org' },
      content: 'template',
    },
    delivery: { key: { message: id, n }, to: { local: `u${n}`, domain: 'example.com' }, data },
  } as unknown as Claimed
}

function reader(letter: FormLetter): { readonly count: () => number; readonly read: () => Promise<Content> } {
  let count = 0
  const bytes = encodeLetter(letter)
  const read = async (): Promise<Content> => {
    count += 1
    return { kind: 'whole', bytes }
  }
  return { count: () => count, read }
}

async function text(
  content: Content | { readonly kind: 'not-sendable'; readonly text: string },
): Promise<string> {
  if (content.kind === 'not-sendable') return content.text
  if (content.kind === 'whole') return Buffer.from(content.bytes).toString()
  return Buffer.concat(await Array.fromAsync(content.chunks())).toString()
}

const letters = formLetters({ hostname: 'mail.example.net' })

test('it is concerned with letters, and with no other mail', () => {
  const { message } = claimed(0, '{}')
  assert.equal(letters.concerns(message), true)
  assert.equal(letters.concerns({ ...message, content: undefined } as unknown as Claimed['message']), false)
})

test('each recipient is written their own, the letter read once, the same again for an attempt made again', async () => {
  const fresh = formLetters({ hostname: 'mail.example.net' })
  const { read, count } = reader(LETTER)
  const write = (n: number): Promise<string> =>
    fresh.personalise(claimed(n, encodeData({ variables: { name: `N${n}` } })), read).then(text)
  const [first, second, again] = [await write(0), await write(1), await write(0)]
  assert.equal(again, first)
  assert.equal(count(), 1)
  assert.match(first, /^Received: from \[192\.0\.2\.1\] .* by\r?\n? ?mail\.example\.net with HTTP/s)
  assert.match(
    first,
    /\r\nTo: u0@example\.com\r\nMessage-ID: <0sa94xg7r00\.0@example\.org>\r\nSubject: For N0\r\n/,
  )
  assert.match(second, /\r\nDear N1\r\n$/)
})

test('what cannot be filled in is not sent, and says why; so is what is no longer kept', async () => {
  const { read } = reader(LETTER)
  const data = encodeData({ variables: { name: 'a\nb' } })
  assert.match(
    await letters.personalise(claimed(0, data), read).then(text),
    /u0@example\.com: \/subject: a line/,
  )
  assert.match(await letters.personalise(claimed(0, undefined), read).then(text), /no longer kept/)
})

function largest(chunks: readonly Uint8Array[]): Uint8Array | undefined {
  return chunks.find(({ length }) => length > 500_000)
}

test('large files are in memory once, however many they go to', async () => {
  const content = Buffer.alloc(600_000, 'x')
  const { read } = reader({ ...LETTER, attachments: [{ name: 'a', type: 'text/plain', content }] })
  const made = await letters.personalise(claimed(0, '{"variables":{}}', '0sa94xg7r01'), read)
  const other = await letters.personalise(claimed(1, '{"variables":{}}', '0sa94xg7r01'), read)
  assert(made.kind === 'chunked' && other.kind === 'chunked')
  assert.equal((await text(made)).length, made.size)
  const [mine, theirs] = [await Array.fromAsync(made.chunks()), await Array.fromAsync(other.chunks())]
  assert.equal(largest(mine), largest(theirs))
})

test('letters beyond what is kept ready are read again', async () => {
  const small = formLetters({ hostname: 'mail.example.net' })
  const content = Buffer.alloc(7_000_000, 'x')
  const { read, count } = reader({ ...LETTER, attachments: [{ name: 'a', type: 'text/plain', content }] })
  for (const id of ['0sa94xg7r01', '0sa94xg7r02', '0sa94xg7r03', '0sa94xg7r04', '0sa94xg7r04', '0sa94xg7r01'])
    await small.personalise(claimed(0, '{"variables":{}}', id), read)
  assert.equal(count(), 5)
})
