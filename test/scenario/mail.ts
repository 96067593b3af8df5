/** Mail as it arrived, taken apart for tests: header fields, DKIM verdicts, delivery status notifications. */

import assert from 'node:assert/strict'

import { dkimVerify } from 'mailauth/lib/dkim/verify.js'

import type { DomainView } from '#product/domain'

export type Mail = {
  readonly raw: Buffer
  /** Unfolded, in order. */
  readonly fields: readonly { readonly name: string; readonly value: string }[]
  readonly body: string
  /** The values of all fields of that name, whatever its case. */
  all(name: string): readonly string[]
  /** The value of the only field of that name. */
  one(name: string): string
}

/** Octets are characters: text beyond ASCII is to be decoded by who wants it. */
export function mailOf(raw: Buffer): Mail {
  const text = raw.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  assert.notEqual(end, -1, 'there is no end of the header section')
  const fields = text
    .slice(0, end)
    .replaceAll(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
    .map(fieldOf)
  const all = (name: string): string[] =>
    fields.filter((one) => one.name.toLowerCase() === name.toLowerCase()).map(({ value }) => value)
  return {
    raw,
    fields,
    body: text.slice(end + 4),
    all,
    one(name) {
      const [value, ...more] = all(name)
      assert.ok(value !== undefined && more.length === 0, `${all(name).length} fields ${name}`)
      return value
    },
  }
}

function fieldOf(line: string): { readonly name: string; readonly value: string } {
  const colon = line.indexOf(':')
  assert.ok(colon > 0, `not a header field: ${line}`)
  return { name: line.slice(0, colon), value: line.slice(colon + 1).trim() }
}

/** What mailauth says of each signature, against the records that `domain show` would have published. */
export async function dkimVerdicts(raw: Buffer, { keys, records }: DomainView): Promise<readonly string[]> {
  const published = new Map(records.map(({ name, value }) => [name, value]))
  const algorithms = new Map(keys.map(({ selector, algorithm }) => [selector, algorithm]))
  const resolver = async (name: string): Promise<string[][]> => {
    const value = published.get(name)
    if (value === undefined) throw Object.assign(new Error(`no ${name}`), { code: 'ENOTFOUND' })
    return [[value]]
  }
  const { results } = await dkimVerify(raw, { resolver })
  return results
    .map(({ selector = '', status }) => `${algorithms.get(selector) ?? 'none'} ${status.result}`)
    .toSorted()
}

export type Report = {
  readonly type: string
  /** The fields about the message, and those about each recipient; names in lower case. */
  readonly message: ReadonlyMap<string, string>
  readonly recipients: readonly ReadonlyMap<string, string>[]
  /** The type and the text of what came back of the message. */
  readonly returned: { readonly type: string; readonly text: string }
}

/** RFC 3464 §2: a multipart/report of three parts. */
export function reportOf(raw: Buffer): Report {
  const mail = mailOf(raw)
  const type = mail.one('Content-Type')
  const boundary = /boundary="?([^";]+)"?/.exec(type)?.[1] ?? ''
  const parts = mail.body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => mailOf(Buffer.from(part.slice(2), 'latin1')))
  assert.equal(parts.length, 3, 'a report has three parts')
  const [, status, returned] = parts
  assert.ok(status && returned)
  assert.match(status.one('Content-Type'), /^message\/(global-)?delivery-status/)
  const [message = '', ...recipients] = status.body.trim().split(/\r\n\r\n/)
  return {
    type,
    message: block(message),
    recipients: recipients.map(block),
    returned: { type: returned.one('Content-Type'), text: returned.body },
  }
}

function block(text: string): ReadonlyMap<string, string> {
  const lines = text.replaceAll(/\r\n(?=[ \t])/g, '').split('\r\n')
  return new Map(lines.map(fieldOf).map(({ name, value }) => [name.toLowerCase(), value]))
}
