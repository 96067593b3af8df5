/** Signing in, and what a browser shows afterwards. Asked of the database each time: an end holds at once. */

import type { Kysely } from 'kysely'

import { whoseAddress } from './attempts.ts'
import { endSessions, macOf, memberOf, memberQuery, newId, newToken } from './parts.ts'
import type { UserParts } from './parts.ts'
import type { UserTables } from './tables.ts'
import { emailOf, newPassword, UserError } from './user.ts'
import type { Member } from './user.ts'

/** Where somebody signs in from. */
export type Client = { readonly address: string; readonly agent: string }

export type Session = {
  readonly id: string
  readonly createdAt: number
  /** To a minute or so. */
  readonly usedAt: number
} & Client

/**
 * `wrong`: address, password or organization; who guesses learns no more, and `about` is for the log. `busy`: too many
 * are signing in at once.
 */
export type SignInRefusal =
  | { readonly ok: false; readonly why: 'wrong' | 'busy'; readonly about?: string }
  /** `wait` in milliseconds. */
  | { readonly ok: false; readonly why: 'too-often'; readonly wait: number }

export type SignedIn =
  | {
      readonly ok: true
      readonly token: string
      readonly member: Member
      /** With `code` the token opens nothing until `signInCode`. */
      readonly needs: 'nothing' | 'code'
    }
  | SignInRefusal

export type SignIn = Client & {
  readonly email: string
  readonly password: string
  /** Absent: where they have belonged the longest. */
  readonly organization?: string
}

export type Current = { readonly session: Session; readonly member: Member }

export type Sessions = {
  signIn(request: SignIn): Promise<SignedIn>
  /** Whose session it is, if it is one that has not ended. */
  current(token: string): Promise<Current | undefined>
  /** Those of somebody that have not ended, the latest first. */
  sessions(account: string): Promise<readonly Session[]>
  /** `false` when they have no such session. */
  endSession(account: string, id: string): Promise<boolean>
  /** Names of the organizations that somebody belongs to, where they have belonged the longest first. */
  organizationsOf(account: string): Promise<readonly string[]>
  /** `false` when they do not belong there. */
  moveSession(current: Current, organization: string): Promise<boolean>
  /** Ends all their sessions, this one too. @throws {UserError} `malformed` when the new password cannot be one */
  changePassword(request: {
    readonly current: Current
    readonly address: string
    readonly password: string
    readonly wanted: string
  }): Promise<{ readonly ok: true } | SignInRefusal>
}

const HOUR = 3_600_000

/** In ms: a session that nobody uses ends, and so does one that somebody uses for ever. */
export const SESSION = { idle: 12 * HOUR, longest: 7 * 24 * HOUR } as const

/** How often a use is written down, in ms. */
const RECORD_EVERY = 60_000

/** Characters of what a browser says it is. */
const AGENT = 200

export function sessionFunctions(parts: UserParts): Sessions {
  const { db, now } = parts
  return {
    signIn: (request) => signIn(parts, request),
    current: (token) => current(parts, token),
    async sessions(account) {
      const rows = await db
        .selectFrom('user_session')
        .innerJoin('user_account', 'user_account.id', 'user_session.account')
        .select(SESSION_COLUMNS)
        .where('account', '=', account)
        .where('state', '=', 'complete')
        .whereRef('user_session.epoch', '=', 'user_account.epoch')
        .where('user_session.created_at', '>', now() - SESSION.longest)
        .where('used_at', '>', now() - SESSION.idle)
        .orderBy('used_at', 'desc')
        .orderBy('user_session.id')
        .execute()
      return rows.map(sessionOf)
    },
    async endSession(account, id) {
      const gone = db.deleteFrom('user_session').where('account', '=', account).where('id', '=', id)
      return (await gone.executeTakeFirstOrThrow()).numDeletedRows === 1n
    },
    async organizationsOf(account) {
      const rows = await membershipsOf(db, account).execute()
      return rows.map(({ organization }) => organization)
    },
    async moveSession({ session, member }, organization) {
      const belongs = await membershipsOf(db, member.id)
        .where('membership.organization', '=', organization)
        .executeTakeFirst()
      if (belongs === undefined) return false
      await db.updateTable('user_session').set({ organization }).where('id', '=', session.id).execute()
      return true
    },
    changePassword: (request) => changePassword(parts, request),
  }
}

function membershipsOf(db: Kysely<UserTables>, account: string) {
  return memberQuery(db)
    .where('membership.account', '=', account)
    .orderBy('membership.created_at')
    .orderBy('membership.organization')
}

/** As they belong there, or where they have belonged the longest. */
export async function memberIn(
  db: Kysely<UserTables>,
  account: string,
  organization: string | undefined,
): Promise<Member | undefined> {
  const all = membershipsOf(db, account)
  const query = organization === undefined ? all : all.where('membership.organization', '=', organization)
  const row = await query.executeTakeFirst()
  return row && memberOf(row)
}

async function signIn(parts: UserParts, request: SignIn): Promise<SignedIn> {
  const { db } = parts
  const email = knownForm(request.email)
  const account = await db
    .selectFrom('user_account')
    .leftJoin('second_factor', 'second_factor.account', 'user_account.id')
    .select(['id', 'password', 'epoch', 'second_factor.confirmed_at'])
    .where('email', '=', email)
    .executeTakeFirst()
  const checked = await checkedPassword(parts, { ...request, email, kept: account?.password })
  if (!checked.ok) return checked
  if (account === undefined) return { ok: false, why: 'wrong' }
  const member = await memberIn(db, account.id, request.organization)
  if (member === undefined) return { ok: false, why: 'wrong' }
  const needs = account.confirmed_at === null ? 'nothing' : 'code'
  const token = await begin(parts, { ...request, member, epoch: account.epoch, needs })
  return { ok: true, token, member, needs }
}

/** What is no address is nobody's: the work is the same as for one that is. */
function knownForm(text: string): string {
  try {
    return emailOf(text)
  } catch (error) {
    if (error instanceof UserError) return ''
    throw error
  }
}

type Try = {
  readonly address: string
  readonly email: string
  readonly password: string
  readonly kept: string | undefined
}

/** Counted first: a hash costs us more than a request costs who sends it. */
export async function checkedPassword(
  { attempts, hasher }: UserParts,
  { address, email, password, kept }: Try,
): Promise<{ readonly ok: true } | SignInRefusal> {
  const from = whoseAddress(address)
  const wait = attempts.address.take(from) || attempts.account.take(email)
  if (wait > 0) return { ok: false, why: 'too-often', wait }
  const matches = await hasher.matches(kept, password)
  if (matches === undefined) return { ok: false, why: 'busy' }
  if (!matches) return { ok: false, why: 'wrong' }
  attempts.address.giveBack(from)
  attempts.account.giveBack(email)
  return { ok: true }
}

type Beginning = Client & {
  readonly member: Member
  readonly epoch: number
  readonly needs: 'nothing' | 'code'
}

/**
 * The token of a session, of the epoch in which the password or the key was read: if that was changed since, this
 * session has ended before it began.
 */
export async function begin(
  { db, key, now }: UserParts,
  { member, epoch, needs, address, agent }: Beginning,
): Promise<string> {
  const token = newToken()
  const at = now()
  await db
    .insertInto('user_session')
    .values({
      id: newId(),
      mac: macOf(key, 'session', token),
      account: member.id,
      organization: member.organization,
      created_at: at,
      used_at: at,
      epoch,
      state: needs === 'code' ? 'second-factor' : 'complete',
      address,
      agent: agent.slice(0, AGENT),
    })
    .execute()
  await db
    .updateTable('membership')
    .set({ signed_in_at: at })
    .where('account', '=', member.id)
    .where('organization', '=', member.organization)
    .execute()
  await db
    .deleteFrom('user_session')
    .where('used_at', '<=', at - SESSION.idle)
    .execute()
  return token
}

const SESSION_COLUMNS = [
  'user_session.id as session_id',
  'user_session.created_at as session_created_at',
  'user_session.used_at',
  'user_session.address',
  'user_session.agent',
] as const

async function current({ db, key, now }: UserParts, token: string): Promise<Current | undefined> {
  const row = await memberQuery(db)
    .innerJoin('user_session', (on) =>
      on
        .onRef('user_session.account', '=', 'membership.account')
        .onRef('user_session.organization', '=', 'membership.organization')
        .onRef('user_session.epoch', '=', 'user_account.epoch'),
    )
    .select(SESSION_COLUMNS)
    .where('user_session.mac', '=', macOf(key, 'session', token))
    .where('user_session.state', '=', 'complete')
    .executeTakeFirst()
  const at = now()
  if (row === undefined) return undefined
  if (at >= row.session_created_at + SESSION.longest || at >= row.used_at + SESSION.idle) return undefined
  if (at >= row.used_at + RECORD_EVERY)
    await db.updateTable('user_session').set({ used_at: at }).where('id', '=', row.session_id).execute()
  return { session: sessionOf(row), member: memberOf(row) }
}

/** In ms: how long a sign-in may wait for its code. */
const CODE_WITHIN = 600_000

/** A session that waits for its code. */
export async function pendingSession(
  { db, key, now }: Pick<UserParts, 'db' | 'key' | 'now'>,
  token: string,
): Promise<{ readonly id: string; readonly account: string } | undefined> {
  return db
    .selectFrom('user_session')
    .innerJoin('user_account', 'user_account.id', 'user_session.account')
    .select(['user_session.id', 'user_session.account'])
    .where('user_session.mac', '=', macOf(key, 'session', token))
    .where('state', '=', 'second-factor')
    .whereRef('user_session.epoch', '=', 'user_account.epoch')
    .where('user_session.created_at', '>', now() - CODE_WITHIN)
    .executeTakeFirst()
}

type SessionRow = {
  readonly session_id: string
  readonly session_created_at: number
  readonly used_at: number
} & Client

function sessionOf(row: SessionRow): Session {
  const { session_id: id, session_created_at: createdAt, used_at: usedAt, address, agent } = row
  return { id, createdAt, usedAt, address, agent }
}

async function changePassword(
  parts: UserParts,
  { current: { member }, address, password, wanted }: Parameters<Sessions['changePassword']>[0],
): Promise<{ readonly ok: true } | SignInRefusal> {
  const { db, hasher } = parts
  const { id, email } = member
  const checkedNew = newPassword(wanted, email)
  const account = await db
    .selectFrom('user_account')
    .select('password')
    .where('id', '=', id)
    .executeTakeFirst()
  const checked = await checkedPassword(parts, { address, email, password, kept: account?.password })
  if (!checked.ok) return checked
  const hash = await hasher.hash(checkedNew)
  if (hash === undefined) return { ok: false, why: 'busy' }
  await db.transaction().execute(async (transaction) => {
    await transaction.updateTable('user_account').set({ password: hash }).where('id', '=', id).execute()
    await endSessions(transaction, id)
  })
  return { ok: true }
}
