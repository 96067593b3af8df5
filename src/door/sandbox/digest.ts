/** What people and programs want to know of a received message at a glance. */

import { formatMailbox } from '#grammar/address'
import { displayValue, field, parseHeader } from '#grammar/message'
import type { Header } from '#grammar/message'

import type { Received } from './inbox.ts'

export type Digest = {
  readonly id: number
  readonly at: string
  readonly host: string
  readonly client: string
  readonly helo: string
  readonly tls?: string
  readonly login?: string
  /** Empty for the null reverse-path. */
  readonly envelopeFrom: string
  readonly envelopeTo: readonly string[]
  readonly headerFrom: string
  readonly subject: string
  readonly size: number
  readonly accepted: boolean
  /** Absent when the connection was dropped instead. */
  readonly reply?: string
}

const LIMITS = { bytes: 256 * 1024, fields: 1_000 }

const digests = new WeakMap<Received, Digest>()

/** Worked out when it is first asked for: receiving must be fast, looking need not be. */
export function digestOf(message: Received): Digest {
  const known = digests.get(message)
  if (known !== undefined) return known
  const made = make(message)
  digests.set(message, made)
  return made
}

function make(message: Received): Digest {
  const { id, host, client, envelope, raw, reply, tls, login } = message
  const header = headerOf(raw)
  return {
    id,
    at: new Date(message.at).toISOString(),
    host,
    client: client.address,
    helo: client.helo,
    ...(tls === undefined ? {} : { tls: `${tls.protocol} ${tls.cipher}` }),
    ...(login === undefined ? {} : { login }),
    envelopeFrom: envelope.from === null ? '' : formatMailbox(envelope.from),
    envelopeTo: envelope.to.map(({ to }) => formatMailbox(to)),
    headerFrom: valueOf(header, 'from'),
    subject: valueOf(header, 'subject'),
    size: raw.length,
    accepted: reply?.startsWith('2') ?? false,
    ...(reply === undefined ? {} : { reply }),
  }
}

/** Every field in order, decoded for people. */
export function fieldsOf(raw: Buffer): readonly { readonly name: string; readonly value: string }[] {
  const header = headerOf(raw)
  return (
    header?.fields.map((one) => ({
      name: header.text.slice(one.start, one.value).replace(/\s*:$/, ''),
      value: displayValue(header, one, 2_000),
    })) ?? []
  )
}

function headerOf(raw: Buffer): Header | undefined {
  const parsed = parseHeader(raw, LIMITS)
  return parsed.ok ? parsed.header : undefined
}

function valueOf(header: Header | undefined, name: string): string {
  const at = header && field(header, name)
  return header && at ? displayValue(header, at) : ''
}

/** Every word of `query` is somewhere in the addresses, the subject, the host or the reply, whatever its case. */
export function matches(message: Received, query: string): boolean {
  const { envelopeFrom, envelopeTo, headerFrom, subject, host, reply = '' } = digestOf(message)
  const text = [envelopeFrom, ...envelopeTo, headerFrom, subject, host, reply].join('\n').toLowerCase()
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/** The newest first. */
export function search(messages: readonly Received[], query: string): readonly Received[] {
  return messages.filter((message) => matches(message, query)).toReversed()
}
