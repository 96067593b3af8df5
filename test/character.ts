/** Arbitrary text for tests that make up their input. */

import fc from 'fast-check'

const SURROGATES = { first: 0xd800, count: 0x800 } as const

/**
 * Any character of Unicode: a `unit` for `fc.string`. Its own `unit: 'binary'` gives the same, but lists all million of
 * them first, which takes a second.
 */
export const character = fc.nat({ max: 0x10_ffff - SURROGATES.count }).map(
  (n) => String.fromCodePoint(n < SURROGATES.first ? n : n + SURROGATES.count),
  (text) => {
    const code = typeof text === 'string' ? text.codePointAt(0) : undefined
    if (code === undefined || text !== String.fromCodePoint(code)) throw new Error('not one character')
    return code < SURROGATES.first ? code : code - SURROGATES.count
  },
)
