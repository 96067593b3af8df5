/** Passwords that people choose, hashed so that trying them is dear: argon2id, a few at a time. RFC 9106 */

import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * RFC 9106 §4 advises 64 MiB where memory is scarce; these are the smallest that OWASP calls equal to its others, as each
 * hash under way holds them: `memory` in KiB.
 */
export const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const

const SALT_OCTETS = 16
const TAG_OCTETS = 32

/** Hashes at once: each holds its memory, and one of libuv's four threads. */
const AT_ONCE = 2

/** Those that may wait; whoever comes then is asked to come again. */
const WAITING = 32

type Cost = { readonly memory: number; readonly passes: number; readonly parallelism: number }

export type Hasher = {
  /** In the PHC string format. `undefined`: too many are waiting. */
  hash(password: string): Promise<string | undefined>
  /** Against nothing, when `kept` is absent: as long, and never true. `undefined`: too many are waiting. */
  matches(kept: string | undefined, password: string): Promise<boolean | undefined>
}

export function createHasher(cost: Cost = COST): Hasher {
  const waiting: (() => void)[] = []
  let running = 0
  const inTurn = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    if (running >= AT_ONCE) {
      if (waiting.length >= WAITING) return undefined
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running += 1
    try {
      return await work()
    } finally {
      // The place goes to who waits next, or is free.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
  return {
    hash: (password) =>
      inTurn(async () => {
        const salt = randomBytes(SALT_OCTETS)
        return format({ ...cost, salt, tag: await derive(password, salt, cost) })
      }),
    matches: (kept, password) =>
      inTurn(async () => {
        const parsed = kept === undefined ? undefined : parse(kept)
        const salt = parsed?.salt ?? Buffer.alloc(SALT_OCTETS)
        const tag = await derive(password, salt, parsed ?? cost)
        return parsed !== undefined && parsed.tag.length === tag.length && timingSafeEqual(parsed.tag, tag)
      }),
  }
}

function derive(password: string, nonce: Buffer, { memory, passes, parallelism }: Cost): Promise<Buffer> {
  // However a keyboard composed it.
  const message = password.normalize('NFKC')
  const parameters = { message, nonce, memory, passes, parallelism, tagLength: TAG_OCTETS }
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, tag) => {
      if (error) reject(error)
      else resolve(Buffer.from(tag))
    })
  })
}

type Kept = Cost & { readonly salt: Buffer; readonly tag: Buffer }

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

function format({ memory, passes, parallelism, salt, tag }: Kept): string {
  const [shownSalt, shownTag] = [salt, tag].map((octets) => octets.toString('base64').replaceAll('=', ''))
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${shownSalt}$${shownTag}`
}

function parse(kept: string): Kept | undefined {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(kept) ?? []
  if (salt === undefined || tag === undefined) return undefined
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}
