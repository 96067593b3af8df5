import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Claimed, Content, Message } from '#engine/spool'
import { idAt } from '#grammar/message-id'
import { readClickToken, readOpenToken, readWishToken } from '#grammar/tracking'
import { serverKey } from '#platform/secret'

import { trackingPersonaliser, unsubscribeUrl } from './index.ts'
import type { TrackingWanted } from './index.ts'

const key = serverKey(Buffer.alloc(32, 4))
const BASE = 'https://click.example.com'
const LIMITS = { depth: 10, parts: 100, headerBytes: 65_536 }
const ALL: TrackingWanted = { opens: true, clicks: true, url: BASE }
const HEAD = 'Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n'
const LINK = '<a href="https://shop.example.com/a">a</a>'

function claimed(n: number, local = 'aki'): Claimed {
  return {
    message: { id: idAt(1_700_000_000_000, 0), organization: 'acme', stream: 'marketing' } as Message,
    delivery: { key: { message: idAt(1_700_000_000_000, 0), n }, to: { local, domain: 'example.jp' } },
  } as Claimed
}

function contentOf(text: string): Content {
  return { kind: 'whole', bytes: Buffer.from(text) }
}

async function made(
  content: Content,
  of = claimed(0),
  wanted: TrackingWanted | undefined = ALL,
): Promise<string> {
  const personaliser = trackingPersonaliser({ key, limits: LIMITS, wanted: () => wanted })
  const result = await personaliser.personalise(of, () => Promise.resolve(content))
  assert.ok(result.kind !== 'not-sendable')
  if (result.kind === 'whole') return Buffer.from(result.bytes).toString()
  const bytes = Buffer.concat(await Array.fromAsync(result.chunks()))
  assert.equal(bytes.length, result.size)
  return bytes.toString()
}

function tokenIn(text: string, place: string): string {
  return new RegExp(`${RegExp.escape(BASE)}/${place}/([\\w-]+)`).exec(text)?.[1] ?? assert.fail(text)
}

test('each recipient has links and a picture of their own, the same at each attempt', async () => {
  const content = contentOf(`${HEAD}${LINK}\r\n`)
  const first = await made(content, claimed(0))
  assert.equal(await made(content, claimed(0)), first)
  assert.equal(await made(contentOf(`${HEAD}${LINK}\r\n`), claimed(0)), first)
  assert.notEqual(await made(content, claimed(1)), first)
  const of = { organization: 'acme', stream: 'marketing', message: idAt(1_700_000_000_000, 0), n: 0 }
  assert.deepEqual(readOpenToken(tokenIn(first, 'o'), key), of)
  const url = 'https://shop.example.com/a'
  assert.deepEqual(readClickToken(tokenIn(first, 'c'), key), { ...of, link: 0, url })
})

test('octets that are not whole are read as they come, and changed in the same way', async () => {
  const text = `${HEAD}${LINK}${'<p>春\r\n'.repeat(20_000)}</body>`
  const bytes = Buffer.from(text)
  const chunked: Content = {
    kind: 'chunked',
    size: bytes.length,
    async *chunks() {
      for (let at = 0; at < bytes.length; at += 50_001) yield bytes.subarray(at, at + 50_001)
    },
  }
  assert.equal(await made(chunked), await made(contentOf(text)))
})

test('where the recipient unsubscribes stands what the field says, without clicks as well', async () => {
  const text = await made(contentOf(`${HEAD}<a href="hikyaku:unsubscribe">x</a>${LINK}`), claimed(0), {
    ...ALL,
    opens: false,
    clicks: false,
  })
  assert.equal(text, `${HEAD}<a href="${unsubscribeUrl(claimed(0), BASE, key)}">x</a>${LINK}`)
  assert.deepEqual(readWishToken(tokenIn(text, 'u'), key)?.local, 'aki')
})

const LEFT: readonly (readonly [string, string])[] = [
  ['plain text', 'Subject: x\r\n\r\nhttps://shop.example.com/\r\n'],
  ['mail with a DKIM signature', `DKIM-Signature: v=1\r\n${HEAD}${LINK}`],
  ['HTML of a charset that is not of ASCII', `${HEAD.replace('utf-8', 'utf-16')}${LINK}`],
]
for (const [name, text] of LEFT)
  test(`${name} is left as it is`, async () => assert.equal(await made(contentOf(text)), text))

test('links for unsubscribing, and those that lead here already, are left', async () => {
  const out = 'https://shop.example.com/out?a=1'
  const head = `List-Unsubscribe: <mailto:a@example.com>,\r\n <${out}>\r\n${HEAD}`
  const links = `<a href="${out}">x</a><a href="${BASE}/u/abc">y</a>`
  const text = await made(contentOf(`${head}${links}${LINK}`), claimed(0), { ...ALL, opens: false })
  assert.ok(text.startsWith(`${head}${links}<a href="${BASE}/c/`))
})

test('what nobody wants is not even read', async () => {
  const personaliser = trackingPersonaliser({ key, limits: LIMITS, wanted: () => undefined })
  assert.equal(personaliser.concerns(claimed(0).message), false)
  const content = contentOf(`${HEAD}${LINK}`)
  assert.equal(await personaliser.personalise(claimed(0), () => Promise.resolve(content)), content)
})
