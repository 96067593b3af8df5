/** As much of DER as a certificate takes. ITU-T X.690 */

/** The tag octet of each type used here. */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

export function encode(type: keyof typeof TAG, content: Uint8Array): Buffer {
  return tagged(TAG[type], content)
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return encode('sequence', Buffer.concat(parts))
}

/** `[n]` around a whole value. */
export function explicit(n: number, value: Uint8Array): Buffer {
  return tagged(0xa0 | n, value)
}

/** `[n]` in place of the tag of a primitive value. */
export function implicit(n: number, content: Uint8Array): Buffer {
  return tagged(0x80 | n, content)
}

/** A positive number, most significant octet first. */
export function integer(octets: Uint8Array): Buffer {
  const isNegative = ((octets[0] ?? 0) & 0x80) !== 0
  return encode('integer', isNegative ? Buffer.concat([Buffer.of(0), octets]) : octets)
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return encode('oid', Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** Whole octets; no bit is unused. */
export function bits(octets: Uint8Array): Buffer {
  return encode('bits', Buffer.concat([Buffer.of(0), octets]))
}

function base128(number: number): number[] {
  const digits = [number % 128]
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift(128 + (rest % 128))
  return digits
}

function tagged(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag, ...length(content.length)]), content])
}

function length(octets: number): number[] {
  if (octets < 0x80) return [octets]
  return octets < 0x100 ? [0x81, octets] : [0x82, octets >> 8, octets & 0xff]
}
