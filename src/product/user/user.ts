/** People who sign in: who they are, where they belong, and what can be wrong with what is said of them. */

import { formatMailbox, parseMailbox } from '#grammar/address'

import type { Role } from './role.ts'

export const LANGUAGES = ['en', 'ja'] as const

export type Language = (typeof LANGUAGES)[number]

export type User = {
  readonly id: string
  /** In lower case, once in the whole installation. */
  readonly email: string
  readonly name: string
  /** In which we write to them. */
  readonly language: Language
  readonly createdAt: number
}

/** A user in one of the organizations they belong to. */
export type Member = User & {
  readonly organization: string
  readonly role: Role
  readonly joinedAt: number
  readonly signedInAt?: number
}

/**
 * `malformed`: an address, name or password that cannot be one. `last-owner`: an organization keeps at least one
 * owner.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly code: 'malformed' | 'last-owner'
  constructor(code: 'malformed' | 'last-owner', message: string) {
    super(message)
    this.code = code
  }
}

/**
 * What somebody is found by. Local parts may differ by case alone (RFC 5321 §2.4); two accounts that do would only be
 * taken for one another. @throws {UserError} `malformed`
 */
export function emailOf(text: string): string {
  const parsed = parseMailbox(text, { smtputf8: true, looseDots: true })
  if (parsed.ok && parsed.rest === '') return formatMailbox(parsed.value).toLowerCase()
  throw new UserError('malformed', 'not an e-mail address')
}

const NAME = /^\P{Cc}{1,100}$/u

/** @throws {UserError} `malformed` */
export function personName(text: string): string {
  const name = text.trim()
  if (NAME.test(name)) return name
  throw new UserError('malformed', 'a name is one line of 100 characters at most')
}

/** NIST SP 800-63B §3.1.1.2: length is what counts, and no rules of composition. */
const SHORTEST = 12
const LONGEST = 256

/** What is hashed: the same password, however a keyboard composed it. @throws {UserError} `malformed` */
export function newPassword(text: string, email: string): string {
  const password = text.normalize('NFKC')
  const length = Array.from(password).length
  if (length < SHORTEST || length > LONGEST)
    throw new UserError('malformed', `a password has ${SHORTEST} characters at least, ${LONGEST} at most`)
  const isObvious = new Set(password).size < 5 || password.toLowerCase() === email
  if (isObvious) throw new UserError('malformed', 'that password would be tried first')
  return password
}
