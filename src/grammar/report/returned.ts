/** The last part of a notification: the message that it is about, or its header section. RFC 3461 §4.3, RFC 6522 §4 */

import { isUtf8 } from 'node:buffer'

import { isData, parseHeader, planRepair, quotedPrintable, repaired } from '#grammar/message'

import { gravest } from './notification.ts'
import type { DsnFacts } from './notification.ts'

/**
 * Octets of a message that goes back whole, and of a header section. More would let anyone have a large message sent to
 * whomever they name as sender.
 */
const FULL = 24 * 1024
const HEADER = 12 * 1024

/** Depth and parts of what is converted on its way back; beyond that, the header section will do. */
const CONVERTED = { depth: 20, parts: 200, headerBytes: HEADER }

/** With its header, ending in a line end. 7-bit. */
export function returnedPart({ returned, recipients }: DsnFacts): Buffer {
  // RFC 3461 §4.3: RET is about failures; of other notifications only the header section is part.
  const whole =
    returned.kind === 'full' && returned.bytes.length === returned.size && gravest(recipients) === 'failed'
  const full = whole && returned.size <= FULL ? fullPart(returned.bytes) : undefined
  return full ?? headerPart(returned.bytes)
}

/** `undefined` for what does not become 7-bit. */
function fullPart(bytes: Uint8Array): Buffer | undefined {
  const repair = planRepair(bytes, '7bit', CONVERTED)
  if (repair.kind === 'impossible') return undefined
  const message = repair.kind === 'none' ? bytes : repaired(bytes, repair.edits)
  return part('Content-Type: message/rfc822\r\n\r\n', message)
}

function headerPart(bytes: Uint8Array): Buffer {
  const fields = firstFields(bytes)
  if (isData(fields, '7bit')) return part('Content-Type: text/rfc822-headers\r\n\r\n', fields)
  // RFC 6533 §6.3: a header in UTF-8; any other octets are text of nobody knows what.
  const type = isUtf8(fields) ? 'message/global-headers' : 'text/rfc822-headers; charset=unknown-8bit'
  const header = `Content-Type: ${type}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n`
  return part(header, quotedPrintable(fields))
}

/** As many whole fields as the limit allows: the trace fields come first, and are what is looked for. */
function firstFields(bytes: Uint8Array): Uint8Array {
  const read = parseHeader(bytes, { bytes: Infinity, fields: Infinity })
  if (!read.ok) return new Uint8Array()
  const { fields } = read.header
  const start = fields[0]?.start ?? 0
  const last = fields.findLast(({ end }) => end - start <= HEADER)
  return bytes.subarray(start, last?.end ?? start)
}

function part(header: string, body: Uint8Array): Buffer {
  const ended = body.at(-1) === 10 || body.length === 0
  return Buffer.concat([Buffer.from(header), body, Buffer.from(ended ? '' : '\r\n')])
}
