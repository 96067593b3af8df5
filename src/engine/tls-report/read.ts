/** A report that somebody sent us, in whatever file it came: JSON, JSON by gzip, or the message that brought it. */

import { gunzipSync } from 'node:zlib'

import { leavesOf } from '#grammar/message'
import { readTlsReport } from '#grammar/report'
import type { ReadTlsReport } from '#grammar/report'

/** Octets of a file, and of what it becomes: a report of 64 KiB by gzip can be 64 MiB of nothing. */
const MOST_FILE = 32 * 1024 * 1024
const MOST_JSON = 16 * 1024 * 1024

const LIMITS = { depth: 10, parts: 100, headerBytes: 256 * 1024 }

const TYPES: ReadonlySet<string> = new Set(['application/tlsrpt+gzip', 'application/tlsrpt+json'])
/** What some reporters call theirs. */
const LOOSE: ReadonlySet<string> = new Set(['application/gzip', 'application/x-gzip', 'application/json'])

/** Every report in the file; at least one element. */
export function readReportFile(file: Uint8Array): readonly ReadTlsReport[] {
  if (file.length > MOST_FILE) return [bad(`larger than ${MOST_FILE} octets`)]
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (isGzip(bytes) || isJson(bytes)) return [readOne(bytes)]
  const message = withCrlf(bytes)
  const named = leavesOf(message, LIMITS, (type) => TYPES.has(type))
  const leaves = named.length > 0 ? named : leavesOf(message, LIMITS, (type) => LOOSE.has(type))
  if (leaves.length === 0) return [bad('neither JSON nor a message with a report attached')]
  return leaves.map(({ content }) => readOne(content))
}

function readOne(bytes: Buffer): ReadTlsReport {
  if (!isGzip(bytes)) return readTlsReport(bytes.toString('utf8'))
  try {
    return readTlsReport(gunzipSync(bytes, { maxOutputLength: MOST_JSON }).toString('utf8'))
  } catch (error) {
    const isBomb = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return bad(isBomb ? `more than ${MOST_JSON} octets when unpacked` : 'damaged: it cannot be unpacked')
  }
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

function isJson(bytes: Buffer): boolean {
  return /^\s*\{/.test(bytes.toString('latin1', 0, 64))
}

/** Files of an operator may have lines that end with LF alone. */
function withCrlf(bytes: Buffer): Buffer {
  if (bytes.includes('\r\n')) return bytes
  return Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
}

function bad(why: string): ReadTlsReport {
  return { ok: false, why }
}
