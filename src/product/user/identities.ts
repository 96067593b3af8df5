/**
 * Who somebody is at a provider of OpenID Connect, and which account here that is. What the provider said was checked
 * before; here it is decided what it is worth.
 */

import type { Kysely, Selectable } from 'kysely'

import { forgetHomeless, isWithoutOwner } from './members.ts'
import { endSessions, newId } from './parts.ts'
import type { UserParts } from './parts.ts'
import { proved } from './proof.ts'
import type { Proof, ProofRefusal } from './proof.ts'
import type { Role } from './role.ts'
import { begin, memberIn } from './sessions.ts'
import type { Client, Current, SignedIn } from './sessions.ts'
import type { UserTables } from './tables.ts'
import { emailOf, UserError } from './user.ts'
import type { Language } from './user.ts'

export type Identity = {
  readonly issuer: string
  readonly subject: string
  /** Only one that the provider vouches for. */
  readonly email?: string
  readonly name: string
  readonly language: Language
}

/**
 * Which account of the same address becomes theirs at the first sign-in: `none`, one `without-password`, or any by a
 * `verified-email`. Whoever decides what addresses a provider vouches for decides over the accounts.
 */
export type Linking = 'none' | 'without-password' | 'verified-email'

export type Grant = { readonly organization: string; readonly role: Role }

export type IdentityPolicy = {
  readonly link: Linking
  /** What the provider's claims give, at each sign-in anew. Absent: they give nothing, and make nobody. */
  readonly grants?: readonly Grant[]
  /** Whether somebody with a second factor is asked for its code. */
  readonly code: boolean
}

export type IdentitySignedIn =
  | (Extract<SignedIn, { ok: true }> & {
      /** What else came of it. */
      readonly made: 'nothing' | 'link' | 'user'
    })
  /** It opens no account here; `about` is for the log. */
  | { readonly ok: false; readonly why: 'stranger'; readonly about: string }

/** One that an account is linked with. */
export type KnownIdentity = {
  readonly id: string
  readonly issuer: string
  readonly createdAt: number
  readonly usedAt?: number
}

export type Identities = {
  signInIdentity(
    request: Client & {
      readonly identity: Identity
      readonly policy: IdentityPolicy
      /** Who has asked, while signed in, for this identity to become theirs. */
      readonly account?: string
      /** Absent: where they have belonged the longest. */
      readonly organization?: string
    },
  ): Promise<IdentitySignedIn>
  /** The oldest first. */
  identities(account: string): Promise<readonly KnownIdentity[]>
  /** Whether it is they, before another way in is added. */
  proved(current: Current, proof: Proof): Promise<{ readonly ok: true } | ProofRefusal>
  /** Ends all their sessions, this one too. `last`: nothing else signs them in. */
  removeIdentity(
    current: Current,
    id: string,
    proof: Proof,
  ): Promise<
    | { readonly ok: true; readonly identity: KnownIdentity | undefined }
    | { readonly ok: false; readonly why: 'last' }
    | ProofRefusal
  >
}

type SigningIn = Parameters<Identities['signInIdentity']>[0]

export function identityFunctions(parts: UserParts): Identities {
  const { db } = parts
  return {
    signInIdentity: (request) =>
      db.transaction().execute((transaction) => signIn({ ...parts, db: transaction }, request)),
    async identities(account) {
      return (await rowsOf(db, account)).map(knownOf)
    },
    proved: (current, proof) => proved(parts, current, proof),
    removeIdentity: (current, id, proof) => removeIdentity(parts, current, id, proof),
  }
}

function rowsOf(db: Kysely<UserTables>, account: string) {
  return db
    .selectFrom('identity')
    .selectAll()
    .where('account', '=', account)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

function knownOf({
  id,
  issuer,
  created_at: createdAt,
  used_at: usedAt,
}: Selectable<UserTables['identity']>): KnownIdentity {
  return { id, issuer, createdAt, ...(usedAt !== null && { usedAt }) }
}

type Stranger = Extract<IdentitySignedIn, { ok: false }>
type Found = { readonly account: string; readonly made: 'nothing' | 'link' | 'user' }

function stranger(about: string): Stranger {
  return { ok: false, why: 'stranger', about }
}

async function signIn(parts: UserParts, request: SigningIn): Promise<IdentitySignedIn> {
  const { db, now } = parts
  const { identity, policy, organization } = request
  const { issuer, subject } = identity
  const found = await accountOf(parts, request)
  if ('why' in found) return found
  const { account, made } = found
  if (policy.grants !== undefined) await follow(parts, { account, issuer, grants: policy.grants })
  const member = await memberIn(db, account, organization)
  if (member === undefined) return stranger('the user belongs to no such organization')
  await db
    .updateTable('identity')
    .set({ used_at: now() })
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .execute()
  const { epoch, confirmed_at: confirmedAt } = await db
    .selectFrom('user_account')
    .leftJoin('second_factor', 'second_factor.account', 'user_account.id')
    .select(['epoch', 'second_factor.confirmed_at'])
    .where('id', '=', account)
    .executeTakeFirstOrThrow()
  const needs = policy.code && confirmedAt !== null ? 'code' : 'nothing'
  const token = await begin(parts, { ...request, member, epoch, needs })
  return { ok: true, token, member, needs, made }
}

async function accountOf(parts: UserParts, request: SigningIn): Promise<Found | Stranger> {
  const { db } = parts
  const { identity, policy, account: wanted } = request
  const known = await db
    .selectFrom('identity')
    .select('account')
    .where('issuer', '=', identity.issuer)
    .where('subject', '=', identity.subject)
    .executeTakeFirst()
  if (known !== undefined) {
    const isTheirs = wanted === undefined || wanted === known.account
    return isTheirs ? { account: known.account, made: 'nothing' } : stranger('it is of another user')
  }
  if (wanted !== undefined) return linkedTo(parts, identity, wanted)
  const email = knownForm(identity.email)
  if (email === undefined) return stranger('the provider vouches for no address')
  const account = await db
    .selectFrom('user_account')
    .select(['id', 'password'])
    .where('email', '=', email)
    .executeTakeFirst()
  if (account === undefined) return newcomer(parts, identity, email, policy)
  if (mayLink(policy.link, account.password)) return linked(parts, identity, account.id)
  return stranger('there is a user of that address, whom the provider may not sign in')
}

/** Who has asked may have been removed since. */
async function linkedTo(parts: UserParts, identity: Identity, account: string): Promise<Found | Stranger> {
  const query = parts.db.selectFrom('user_account').select('id').where('id', '=', account)
  if ((await query.executeTakeFirst()) === undefined) return stranger('the user is there no more')
  return linked(parts, identity, account)
}

function mayLink(link: Linking, password: string): boolean {
  switch (link) {
    case 'none':
      return false
    case 'without-password':
      return password === ''
    case 'verified-email':
      return true
  }
}

function knownForm(email: string | undefined): string | undefined {
  if (email === undefined) return undefined
  try {
    return emailOf(email)
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

async function linked(
  { db, now }: UserParts,
  { issuer, subject }: Identity,
  account: string,
): Promise<Found | Stranger> {
  const row = { id: newId(), issuer, subject, account, created_at: now(), used_at: null }
  const inserted = await db
    .insertInto('identity')
    .values(row)
    .onConflict((on) => on.columns(['issuer', 'subject']).doNothing())
    .executeTakeFirstOrThrow()
  if (inserted.numInsertedOrUpdatedRows === 0n) return stranger('it was linked at the same time')
  return { account, made: 'link' }
}

async function newcomer(
  parts: UserParts,
  identity: Identity,
  email: string,
  { grants = [] }: IdentityPolicy,
): Promise<Found | Stranger> {
  if (grants.length === 0) return stranger('there is no such user, and nothing makes one')
  const { db, now } = parts
  const { name, language } = identity
  const id = newId()
  const row = { id, email, name, language, created_at: now(), password: '', epoch: 0 }
  const inserted = await db
    .insertInto('user_account')
    .values(row)
    .onConflict((on) => on.column('email').doNothing())
    .executeTakeFirstOrThrow()
  if (inserted.numInsertedOrUpdatedRows === 0n) return stranger('the user was made at the same time')
  const found = await linked(parts, identity, id)
  return 'why' in found ? found : { ...found, made: 'user' }
}

type Following = {
  readonly account: string
  readonly issuer: string
  readonly grants: readonly Grant[]
}

/** What the provider gave before and does not give now ends; what people gave is theirs to take. */
async function follow(parts: UserParts, { account, issuer, grants }: Following): Promise<void> {
  const { db } = parts
  const rows = await db.selectFrom('membership').selectAll().where('account', '=', account).execute()
  const given = new Map(rows.map((row) => [row.organization, row]))
  const wanted = new Map(grants.map(({ organization, role }) => [organization, role]))
  let isOther = false
  for (const { organization, role, granted_by: by } of rows) {
    const now = wanted.get(organization)
    if (by !== issuer || now === role) continue
    // An organization without an owner could never get one again.
    if (role === 'owner' && (await isWithoutOwner(db, organization, account))) continue
    isOther = true
    await change(parts, { account, organization }, now)
  }
  for (const [organization, role] of wanted) {
    if (given.has(organization)) continue
    const row = { account, organization, role, created_at: parts.now(), signed_in_at: null }
    await db
      .insertInto('membership')
      .values({ ...row, granted_by: issuer })
      .execute()
  }
  if (isOther) await endSessions(db, account)
  await forgetHomeless(db, account)
}

async function change(
  { db }: UserParts,
  { account, organization }: { readonly account: string; readonly organization: string },
  role: Role | undefined,
): Promise<void> {
  if (role === undefined)
    await db
      .deleteFrom('membership')
      .where('account', '=', account)
      .where('organization', '=', organization)
      .execute()
  else
    await db
      .updateTable('membership')
      .set({ role })
      .where('account', '=', account)
      .where('organization', '=', organization)
      .execute()
}

async function removeIdentity(
  parts: UserParts,
  current: Current,
  id: string,
  proof: Proof,
): ReturnType<Identities['removeIdentity']> {
  const checked = await proved(parts, current, proof)
  if (!checked.ok) return checked
  const account = current.member.id
  return parts.db.transaction().execute(async (transaction) => {
    const rows = await rowsOf(transaction, account)
    const row = rows.find((each) => each.id === id)
    if (row === undefined) return { ok: true, identity: undefined } as const
    if (rows.length === 1 && !(await opensOtherwise(transaction, account)))
      return { ok: false, why: 'last' } as const
    await transaction.deleteFrom('identity').where('id', '=', id).execute()
    await endSessions(transaction, account)
    return { ok: true, identity: knownOf(row) } as const
  })
}

async function opensOtherwise(db: Kysely<UserTables>, account: string): Promise<boolean> {
  const { password } = await db
    .selectFrom('user_account')
    .select('password')
    .where('id', '=', account)
    .executeTakeFirstOrThrow()
  if (password !== '') return true
  const key = db.selectFrom('passkey').select('id').where('account', '=', account)
  return (await key.executeTakeFirst()) !== undefined
}
