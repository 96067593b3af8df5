/** Passwords that were forgotten: a link by mail sets another one. */

import { whoseAddress } from './attempts.ts'
import { endSessions, macOf, newToken, userOf } from './parts.ts'
import type { UserParts } from './parts.ts'
import { emailOf, newPassword } from './user.ts'
import type { User } from './user.ts'

export type ResetAsked =
  /** The token is for the mail to that user, and for nobody else. */
  | { readonly ok: true; readonly user: User; readonly token: string }
  /** `nobody`: not to be told to who asks. `wait` in milliseconds. */
  | { readonly ok: false; readonly why: 'nobody' }
  | { readonly ok: false; readonly why: 'too-often'; readonly wait: number }

export type Resets = {
  /** @throws {UserError} `malformed` */
  askReset(email: string, address: string): Promise<ResetAsked>
  /** Ends all sessions. @throws {UserError} `malformed` */
  resetPassword(
    token: string,
    password: string,
  ): Promise<
    { readonly ok: true; readonly user: User } | { readonly ok: false; readonly why: 'link' | 'busy' }
  >
}

/** In ms. */
const HOLDS = 3_600_000

export function resetFunctions(parts: UserParts): Resets {
  return {
    askReset: (email, address) => ask(parts, emailOf(email), address),
    resetPassword: (token, password) => reset(parts, token, password),
  }
}

async function ask(
  { db, key, now, attempts }: UserParts,
  email: string,
  address: string,
): Promise<ResetAsked> {
  const wait = attempts.resetFrom.take(whoseAddress(address)) || attempts.resetOf.take(email)
  if (wait > 0) return { ok: false, why: 'too-often', wait }
  const account = await db
    .selectFrom('user_account')
    .selectAll()
    .where('email', '=', email)
    .executeTakeFirst()
  // Who signs in by a provider alone gets no other way by a letter.
  if (account === undefined || account.password === '') return { ok: false, why: 'nobody' }
  const token = newToken()
  const at = now()
  await db.deleteFrom('password_reset').where('expires_at', '<=', at).execute()
  await db
    .insertInto('password_reset')
    .values({ mac: macOf(key, 'reset', token), account: account.id, expires_at: at + HOLDS })
    .execute()
  return { ok: true, user: userOf(account), token }
}

async function reset(
  { db, key, now, hasher }: UserParts,
  token: string,
  wanted: string,
): ReturnType<Resets['resetPassword']> {
  const mac = macOf(key, 'reset', token)
  const account = await db
    .selectFrom('password_reset')
    .innerJoin('user_account', 'user_account.id', 'password_reset.account')
    .selectAll('user_account')
    .where('mac', '=', mac)
    .where('expires_at', '>', now())
    .executeTakeFirst()
  if (account === undefined) return { ok: false, why: 'link' }
  const hash = await hasher.hash(newPassword(wanted, account.email))
  if (hash === undefined) return { ok: false, why: 'busy' }
  return db.transaction().execute(async (transaction) => {
    const taken = await transaction
      .deleteFrom('password_reset')
      .where('mac', '=', mac)
      .executeTakeFirstOrThrow()
    if (taken.numDeletedRows === 0n) return { ok: false, why: 'link' } as const
    await transaction
      .updateTable('user_account')
      .set({ password: hash })
      .where('id', '=', account.id)
      .execute()
    await endSessions(transaction, account.id)
    return { ok: true, user: userOf(account) } as const
  })
}
