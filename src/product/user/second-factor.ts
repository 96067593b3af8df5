/**
 * A second factor: codes that an app on a telephone makes of the time, and codes on paper for when it is lost. Each is
 * taken once. RFC 6238
 */

import { timingSafeEqual } from 'node:crypto'

import type { Kysely } from 'kysely'
import type * as otplib from 'otplib'

import { randomText } from '#product/account'

import { macOf, newToken, notCodes } from './parts.ts'
import type { UserParts } from './parts.ts'
import { checkedPassword, pendingSession } from './sessions.ts'
import type { Current, SignInRefusal } from './sessions.ts'
import type { UserTables } from './tables.ts'

/** `wrong`: not the code of this time, or one that was taken before. `none`: there is nothing to check it against. */
export type CodeRefusal =
  | { readonly ok: false; readonly why: 'wrong' | 'none' }
  | { readonly ok: false; readonly why: 'too-often'; readonly wait: number }

export type RecoveryCodes = { readonly ok: true; readonly codes: readonly string[] }

export type SecondFactors = {
  secondFactor(account: string): Promise<{ readonly enabled: boolean; readonly codesLeft: number }>
  /**
   * What the app is to be told; nothing is asked for until `confirmTotp`. Here and nowhere else, ever.
   * `undefined` when one is in use.
   */
  beginTotp(current: Current): Promise<{ readonly secret: string; readonly uri: string } | undefined>
  /** From now on signing in asks for a code. Ends the other sessions. */
  confirmTotp(current: Current, code: string): Promise<RecoveryCodes | CodeRefusal>
  /** The earlier ones open nothing any more. */
  renewRecoveryCodes(current: Current, proof: Proof): Promise<RecoveryCodes | SignInRefusal>
  removeTotp(current: Current, proof: Proof): Promise<{ readonly ok: true } | SignInRefusal>
  /** Completes a sign-in that asks for a code; the session gets another token. */
  signInCode(
    token: string,
    code: string,
  ): Promise<{ readonly ok: true; readonly token: string } | CodeRefusal>
}

export type Proof = { readonly password: string; readonly address: string }

/** RFC 6238 §4.1, §5.2: steps of 30 seconds, and one to either side for clocks that differ. */
const STEP = 30_000
const AROUND = [0, -1, 1] as const

const ISSUER = 'Hikyaku'

/** 50 random bits each, of which a guess has five in some minutes. */
const CODES = { count: 10, half: 5 } as const

export function secondFactorFunctions(parts: UserParts): SecondFactors {
  const { db, key, now } = parts
  return {
    async secondFactor(account) {
      const row = await confirmed(db, account)
      const codes = await db
        .selectFrom('recovery_code')
        .select('mac')
        .where('account', '=', account)
        .execute()
      return { enabled: row !== undefined, codesLeft: codes.length }
    },
    async beginTotp({ member: { id, email } }) {
      if ((await confirmed(db, id)) !== undefined) return undefined
      const { generateSecret, generateURI } = await library()
      const secret = generateSecret()
      const row = { account: id, secret: key.seal('totp', id, secret), confirmed_at: null, last_step: null }
      await db
        .insertInto('second_factor')
        .values(row)
        .onConflict((on) => on.column('account').doUpdateSet(row))
        .execute()
      return { secret, uri: generateURI({ issuer: ISSUER, label: email, secret }) }
    },
    confirmTotp: (current, code) => confirm(parts, current, code),
    async renewRecoveryCodes({ member }, proof) {
      const checked = await proved(parts, member, proof)
      if (!checked.ok) return checked
      const codes = await db.transaction().execute((transaction) => newCodes(parts, transaction, member.id))
      return { ok: true, codes }
    },
    async removeTotp({ member }, proof) {
      const checked = await proved(parts, member, proof)
      if (checked.ok) await db.transaction().execute((transaction) => notCodes(transaction, member.id))
      return checked
    },
    async signInCode(token, code) {
      const pending = await pendingSession(parts, token)
      if (pending === undefined) return { ok: false, why: 'none' }
      const taken = await takeCode(parts, pending.account, code)
      if (!taken.ok) return taken
      const fresh = newToken()
      const at = now()
      await db
        .updateTable('user_session')
        .set({ mac: macOf(key, 'session', fresh), state: 'complete', used_at: at })
        .where('id', '=', pending.id)
        .execute()
      return { ok: true, token: fresh }
    },
  }
}

/** 8 MiB that a node needs whose people use it. */
async function library(): Promise<Pick<typeof otplib, 'generate' | 'generateSecret' | 'generateURI'>> {
  return import('otplib')
}

function confirmed(db: Kysely<UserTables>, account: string) {
  return db
    .selectFrom('second_factor')
    .select('account')
    .where('account', '=', account)
    .where('confirmed_at', 'is not', null)
    .executeTakeFirst()
}

async function proved(
  parts: UserParts,
  { id, email }: Current['member'],
  proof: Proof,
): Promise<{ readonly ok: true } | SignInRefusal> {
  const query = parts.db.selectFrom('user_account').select('password').where('id', '=', id)
  const account = await query.executeTakeFirst()
  return checkedPassword(parts, { ...proof, email, kept: account?.password })
}

async function confirm(
  parts: UserParts,
  { member: { id }, session }: Current,
  code: string,
): Promise<RecoveryCodes | CodeRefusal> {
  const { db, now } = parts
  if ((await confirmed(db, id)) !== undefined) return { ok: false, why: 'none' }
  const taken = await takeTotp(parts, id, code)
  if (!taken.ok) return taken
  const codes = await db.transaction().execute(async (transaction) => {
    await transaction
      .updateTable('second_factor')
      .set({ confirmed_at: now() })
      .where('account', '=', id)
      .execute()
    // They were begun with a password alone.
    await transaction
      .deleteFrom('user_session')
      .where('account', '=', id)
      .where('id', '!=', session.id)
      .execute()
    return newCodes(parts, transaction, id)
  })
  return { ok: true, codes }
}

async function newCodes(
  { key }: UserParts,
  db: Kysely<UserTables>,
  account: string,
): Promise<readonly string[]> {
  const codes = Array.from({ length: CODES.count }, () => randomText(2 * CODES.half))
  await db.deleteFrom('recovery_code').where('account', '=', account).execute()
  const rows = codes.map((code) => ({ account, mac: macOf(key, 'recovery', `${account}\0${code}`) }))
  await db.insertInto('recovery_code').values(rows).execute()
  return codes.map((code) => `${code.slice(0, CODES.half)}-${code.slice(CODES.half)}`)
}

/** One from the app has six digits, one on paper ten letters and digits. */
function takeCode(
  parts: UserParts,
  account: string,
  text: string,
): Promise<{ readonly ok: true } | CodeRefusal> {
  const code = text.toLowerCase().replaceAll(/[\s-]/g, '')
  return code.length === 2 * CODES.half ? takeRecovery(parts, account, code) : takeTotp(parts, account, code)
}

async function takeRecovery(
  { db, key, attempts }: UserParts,
  account: string,
  code: string,
): Promise<{ readonly ok: true } | CodeRefusal> {
  const wait = attempts.code.take(account)
  if (wait > 0) return { ok: false, why: 'too-often', wait }
  const { numDeletedRows } = await db
    .deleteFrom('recovery_code')
    .where('account', '=', account)
    .where('mac', '=', macOf(key, 'recovery', `${account}\0${code}`))
    .executeTakeFirstOrThrow()
  if (numDeletedRows === 0n) return { ok: false, why: 'wrong' }
  attempts.code.giveBack(account)
  return { ok: true }
}

async function takeTotp(
  { db, key, attempts, now }: UserParts,
  account: string,
  text: string,
): Promise<{ readonly ok: true } | CodeRefusal> {
  const wait = attempts.code.take(account)
  if (wait > 0) return { ok: false, why: 'too-often', wait }
  const row = await db
    .selectFrom('second_factor')
    .select('secret')
    .where('account', '=', account)
    .executeTakeFirst()
  if (row === undefined) return { ok: false, why: 'none' }
  const step = await stepOf(key.open('totp', account, row.secret), text, now())
  if (step === undefined) return { ok: false, why: 'wrong' }
  // RFC 6238 §5.2: a code is taken once, also of two who show it at the same time.
  const { numUpdatedRows } = await db
    .updateTable('second_factor')
    .set({ last_step: step })
    .where('account', '=', account)
    .where((eb) => eb.or([eb('last_step', 'is', null), eb('last_step', '<', step)]))
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) return { ok: false, why: 'wrong' }
  attempts.code.giveBack(account)
  return { ok: true }
}

/** Of which time the code is. */
async function stepOf(secret: string, text: string, now: number): Promise<number | undefined> {
  const shown = Buffer.from(text.replaceAll(/\s/g, ''))
  const { generate } = await library()
  for (const around of AROUND) {
    const step = Math.floor(now / STEP) + around
    const code = Buffer.from(await generate({ secret, epoch: (step * STEP) / 1000 }))
    if (code.length === shown.length && timingSafeEqual(code, shown)) return step
  }
  return undefined
}
