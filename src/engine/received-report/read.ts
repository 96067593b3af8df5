/** The report that a message brings: DMARC or TLS, in whatever file it was packed, known by what is in the file. */

import { setImmediate } from 'node:timers/promises'

import { decodeCharset, leavesOf } from '#grammar/message'
import { DmarcReader, readTlsReport } from '#grammar/report'
import type { DmarcReport, TlsReport } from '#grammar/report'

import { unpack } from './unpack.ts'

export type ReceivedReport =
  | { readonly kind: 'dmarc'; readonly report: DmarcReport }
  | { readonly kind: 'tls'; readonly report: TlsReport }

export type ReadReport =
  | ({ readonly ok: true } & ReceivedReport)
  /** In words for the operator. */
  | { readonly ok: false; readonly why: string }

const LIMITS = { depth: 5, parts: 50, headerBytes: 256 * 1024 }

/** Files of one message that are opened: reports come alone. */
const FILES = 3

/** Pieces of mark-up read before others have their turn: some 10 ms. */
const AT_A_TIME = 5_000

/** RFC 7489 §7.2.1.1, RFC 8460 §5.3, and what reporters call theirs instead. */
const TYPES =
  /^(?:application\/(?:tlsrpt\+gzip|tlsrpt\+json|gzip|x-gzip|zip|x-zip|x-zip-compressed|octet-stream|json|xml)|text\/xml)$/

/** The first in the message that can be read. Never rejects, whatever the octets; lets other work be done in between. */
export async function readReceivedReport(message: Uint8Array): Promise<ReadReport> {
  const leaves = leavesOf(message, LIMITS, (type) => TYPES.test(type))
  let first: ReadReport | undefined
  for (const { content } of leaves.slice(0, FILES)) {
    const read = await readFile(content)
    if (read.ok) return read
    first ??= read
  }
  return first ?? { ok: false, why: 'no file is attached that could be one' }
}

async function readFile(file: Buffer): Promise<ReadReport> {
  const unpacked = unpack(file)
  if (!unpacked.ok) return unpacked
  const { bytes } = unpacked
  const beginning = bytes
    .toString('latin1', 0, 256)
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
  if (beginning.startsWith('{')) return tls(bytes.toString('utf8'))
  if (beginning.startsWith('<')) return dmarc(textOf(bytes, beginning))
  return { ok: false, why: 'neither XML nor JSON' }
}

function tls(json: string): ReadReport {
  const read = readTlsReport(json.replace(/^\ufeff/, ''))
  return read.ok ? { ok: true, kind: 'tls', report: read.report } : read
}

async function dmarc(xml: string): Promise<ReadReport> {
  const reader = new DmarcReader(xml.replace(/^\ufeff/, ''))
  for (;;) {
    const read = reader.read(AT_A_TIME)
    if (read?.ok === true) return { ok: true, kind: 'dmarc', report: read.report }
    if (read !== undefined) return read
    await setImmediate()
  }
}

/** XML 1.0 §4.3.3: UTF-8 unless the declaration says another. */
function textOf(bytes: Buffer, beginning: string): string {
  const [, name = 'utf-8'] =
    /^<\?xml[^>]{0,150}\bencoding\s{0,5}=\s{0,5}["']([\w.-]{1,40})["']/i.exec(beginning) ?? []
  return decodeCharset(bytes, name.toLowerCase()) ?? bytes.toString('utf8')
}
