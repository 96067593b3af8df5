/**
 * Passkeys: keys on a device that open it with a finger, a face or a PIN, and sign for this site alone. One is enough
 * to sign in, since it is had and unlocked. W3C Web Authentication, Level 3
 */

import { randomBytes } from 'node:crypto'

import type * as webauthn from '@simplewebauthn/server'
import type { Kysely, Selectable } from 'kysely'

import { whoseAddress } from './attempts.ts'
import { endSessions, macOf, newId } from './parts.ts'
import type { UserParts } from './parts.ts'
import { proved } from './proof.ts'
import type { Proof, ProofRefusal } from './proof.ts'
import { begin, memberIn } from './sessions.ts'
import type { Client, Current, SignedIn, SignInRefusal } from './sessions.ts'
import type { UserTables } from './tables.ts'
import { personName } from './user.ts'

export type Passkey = {
  readonly id: string
  readonly name: string
  /** Whether it is kept by more devices than one. */
  readonly synced: boolean
  readonly createdAt: number
  readonly usedAt?: number
}

/** The site as browsers know it; a passkey opens nothing elsewhere. */
export type RelyingParty = {
  /** `https://mail.example.org` */
  readonly origin: string
  /** Its host name. */
  readonly id: string
}

/** What is read of what `navigator.credentials.create()` gave, as its `toJSON()` tells it. */
export type NewPasskey = {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly response: { readonly clientDataJSON: string; readonly attestationObject: string }
}

/** What is read of what `navigator.credentials.get()` gave, as its `toJSON()` tells it. */
export type PasskeyAnswer = Omit<NewPasskey, 'response'> & {
  readonly response: {
    readonly clientDataJSON: string
    readonly authenticatorData: string
    readonly signature: string
    readonly userHandle: string
  }
}

/** `wrong`: what the browser made is not for this challenge and site; `about` is for the log. */
export type PasskeyRefusal =
  | { readonly ok: false; readonly why: 'wrong'; readonly about: string }
  | { readonly ok: false; readonly why: 'taken' | 'full' }

export type PasskeySignIn = Client & {
  readonly answer: PasskeyAnswer
  readonly party: RelyingParty
  /** Absent: where they have belonged the longest. */
  readonly organization?: string
}

type CreationOptions = webauthn.PublicKeyCredentialCreationOptionsJSON

export type Passkeys = {
  /** The oldest first. */
  passkeys(account: string): Promise<readonly Passkey[]>
  /** What the browser is to make one of, within minutes and in this session. */
  beginPasskey(
    current: Current,
    proof: Proof,
    party: RelyingParty,
  ): Promise<{ readonly ok: true; readonly options: CreationOptions } | ProofRefusal | PasskeyRefusal>
  /** @throws {UserError} `malformed` */
  addPasskey(
    current: Current,
    made: { readonly name: string; readonly made: NewPasskey; readonly party: RelyingParty },
  ): Promise<{ readonly ok: true; readonly passkey: Passkey } | PasskeyRefusal>
  /** `undefined` when they have no such passkey. @throws {UserError} `malformed` */
  renamePasskey(account: string, id: string, name: string): Promise<Passkey | undefined>
  /** Ends all their sessions, this one too. Gives what it was, `undefined` when they have no such passkey. */
  removePasskey(
    current: Current,
    id: string,
    proof: Proof,
  ): Promise<{ readonly ok: true; readonly passkey: Passkey | undefined } | ProofRefusal>
  /** A challenge for whoever signs in; it holds some minutes and is taken once. */
  beginPasskeySignIn(
    address: string,
  ): Promise<{ readonly ok: true; readonly challenge: string } | SignInRefusal>
  /** A passkey stands for the password and the code. */
  signInPasskey(request: PasskeySignIn): Promise<SignedIn>
}

/** In ms: as long as somebody may look for the telephone. */
export const CHALLENGE_HOLDS = 300_000

/** 256 random bits; W3C Web Authentication §13.4.3 wants 128. */
const CHALLENGE_OCTETS = 32

/** Of one account. */
const MOST = 20

/** EdDSA, ES256, RS256: what authenticators have. RFC 9053 §2.1, §2.2 */
const ALGORITHMS = [-8, -7, -257]

export function passkeyFunctions(parts: UserParts): Passkeys {
  const { db, attempts } = parts
  return {
    async passkeys(account) {
      return (await rowsOf(db, account)).map(passkeyOf)
    },
    beginPasskey: (current, proof, party) => beginPasskey(parts, current, proof, party),
    addPasskey: (current, request) => addPasskey(parts, current, request),
    async renamePasskey(account, id, name) {
      const renamed = db
        .updateTable('passkey')
        .set({ name: personName(name) })
        .where('account', '=', account)
        .where('id', '=', id)
        .returningAll()
      const row = await renamed.executeTakeFirst()
      return row && passkeyOf(row)
    },
    removePasskey: (current, id, proof) => removePasskey(parts, current, id, proof),
    async beginPasskeySignIn(address) {
      const wait = attempts.beginFrom.take(whoseAddress(address))
      if (wait > 0) return { ok: false, why: 'too-often', wait }
      return { ok: true, challenge: await newChallenge(parts, null) }
    },
    signInPasskey: (request) => signInPasskey(parts, request),
  }
}

/** 26 MiB that a node needs whose people use it. */
async function library(): Promise<typeof webauthn> {
  return import('@simplewebauthn/server')
}

function rowsOf(db: Kysely<UserTables>, account: string) {
  return db
    .selectFrom('passkey')
    .selectAll()
    .where('account', '=', account)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

function passkeyOf(row: Selectable<UserTables['passkey']>): Passkey {
  const { id, name, synced, created_at: createdAt, used_at: usedAt } = row
  return { id, name, synced: synced === 1, createdAt, ...(usedAt !== null && { usedAt }) }
}

async function newChallenge(
  { db, key, now }: Pick<UserParts, 'db' | 'key' | 'now'>,
  session: string | null,
): Promise<string> {
  const challenge = randomBytes(CHALLENGE_OCTETS).toString('base64url')
  const at = now()
  await db.deleteFrom('passkey_challenge').where('expires_at', '<=', at).execute()
  await db
    .insertInto('passkey_challenge')
    .values({ mac: macOf(key, 'passkey', challenge), session, expires_at: at + CHALLENGE_HOLDS })
    .execute()
  return challenge
}

/** Whether it was given for this and not taken yet. Whoever deletes the row has it; an answer shown again finds none. */
async function takeChallenge(
  { db, key, now }: UserParts,
  challenge: string,
  session: string | null,
): Promise<boolean> {
  const gone = await db
    .deleteFrom('passkey_challenge')
    .where('mac', '=', macOf(key, 'passkey', challenge))
    .where('session', session === null ? 'is' : '=', session)
    .where('expires_at', '>', now())
    .executeTakeFirstOrThrow()
  return gone.numDeletedRows === 1n
}

/** Of the account, and of nobody's address: authenticators show it to who asks them. */
function handleOf(account: string): Buffer {
  return Buffer.from(account, 'hex')
}

async function beginPasskey(
  parts: UserParts,
  current: Current,
  proof: Proof,
  { id: rpID }: RelyingParty,
): ReturnType<Passkeys['beginPasskey']> {
  const checked = await proved(parts, current, proof)
  if (!checked.ok) return checked
  const { id, email, name } = current.member
  const known = await rowsOf(parts.db, id)
  if (known.length >= MOST) return { ok: false, why: 'full' }
  const { generateRegistrationOptions } = await library()
  const challenge = await newChallenge(parts, current.session.id)
  const options = await generateRegistrationOptions({
    rpName: 'Hikyaku',
    rpID,
    userName: email,
    userDisplayName: name,
    userID: new Uint8Array(handleOf(id)),
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    timeout: CHALLENGE_HOLDS,
    attestationType: 'none',
    excludeCredentials: known.map(({ credential }) => ({ id: credential })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  })
  return { ok: true, options }
}

async function addPasskey(
  parts: UserParts,
  { member, session }: Current,
  { name, made, party }: Parameters<Passkeys['addPasskey']>[1],
): ReturnType<Passkeys['addPasskey']> {
  const { db, now } = parts
  const called = personName(name)
  const checked = await answered(parts, made, session.id, async (expectedChallenge) => {
    const { verifyRegistrationResponse } = await library()
    const { clientDataJSON, attestationObject } = made.response
    return verifyRegistrationResponse({
      response: { ...made, response: { clientDataJSON, attestationObject }, clientExtensionResults: {} },
      expectedChallenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    })
  })
  if (!checked.ok) return checked
  const { registrationInfo } = checked.value
  if (registrationInfo === undefined) return wrong('the attestation is not right')
  const { credential, credentialBackedUp } = registrationInfo
  if ((await rowsOf(db, member.id)).length >= MOST) return { ok: false, why: 'full' }
  const row = await db
    .insertInto('passkey')
    .values({
      id: newId(),
      account: member.id,
      credential: credential.id,
      public_key: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      name: called,
      synced: credentialBackedUp ? 1 : 0,
      created_at: now(),
      used_at: null,
    })
    .onConflict((on) => on.column('credential').doNothing())
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? { ok: false, why: 'taken' } : { ok: true, passkey: passkeyOf(row) }
}

type Wrong = Extract<PasskeyRefusal, { why: 'wrong' }>

function wrong(about: string): Wrong {
  return { ok: false, why: 'wrong', about }
}

/** Takes the challenge that was answered, whatever else is wrong with the answer, and has the library check the rest. */
async function answered<T extends { readonly verified: boolean }>(
  parts: UserParts,
  { response: { clientDataJSON } }: Pick<NewPasskey | PasskeyAnswer, 'response'>,
  session: string | null,
  verify: (challenge: string) => Promise<T>,
): Promise<{ readonly ok: true; readonly value: T } | Wrong> {
  const { decodeClientDataJSON } = await import('@simplewebauthn/server/helpers')
  let challenge: unknown
  try {
    ;({ challenge } = decodeClientDataJSON(clientDataJSON))
  } catch {
    return wrong('the client data cannot be read')
  }
  if (typeof challenge !== 'string' || !(await takeChallenge(parts, challenge, session)))
    return wrong('the challenge is none that waits for an answer')
  try {
    const value = await verify(challenge)
    return value.verified ? { ok: true, value } : wrong('the signature is not right')
  } catch (error) {
    // Whatever the library throws, it throws at what a browser or a stranger has sent.
    return wrong(error instanceof Error ? error.message : String(error))
  }
}

async function removePasskey(
  parts: UserParts,
  current: Current,
  id: string,
  proof: Proof,
): ReturnType<Passkeys['removePasskey']> {
  const checked = await proved(parts, current, proof)
  if (!checked.ok) return checked
  const account = current.member.id
  return parts.db.transaction().execute(async (transaction) => {
    const gone = transaction.deleteFrom('passkey').where('account', '=', account).where('id', '=', id)
    const row = await gone.returningAll().executeTakeFirst()
    // Somebody else may have it: what they began by it ends as well.
    if (row !== undefined) await endSessions(transaction, account)
    return { ok: true, passkey: row && passkeyOf(row) } as const
  })
}

async function signInPasskey(parts: UserParts, request: PasskeySignIn): Promise<SignedIn> {
  const { db, attempts } = parts
  const { answer, party, organization, address } = request
  const from = whoseAddress(address)
  const wait = attempts.address.take(from)
  if (wait > 0) return { ok: false, why: 'too-often', wait }
  const row = await db
    .selectFrom('passkey')
    .innerJoin('user_account', 'user_account.id', 'passkey.account')
    .selectAll('passkey')
    .select('epoch')
    .where('credential', '=', answer.id)
    .executeTakeFirst()
  // Strangers make us load nothing.
  if (row === undefined) return wrong('the passkey is not known')
  const checked = await answered(parts, answer, null, (challenge) => signature(row, answer, party, challenge))
  if (!checked.ok) return checked
  if (!handleOf(row.account).equals(Buffer.from(answer.response.userHandle, 'base64url')))
    return wrong('the passkey is of another user')
  if (!(await count(parts, row, checked.value.authenticationInfo)))
    return wrong('the counter of the passkey was used at the same time')
  const member = await memberIn(db, row.account, organization)
  if (member === undefined) return wrong('the user does not belong there')
  attempts.address.giveBack(from)
  const token = await begin(parts, { ...request, member, epoch: row.epoch, needs: 'nothing' })
  return { ok: true, token, member, needs: 'nothing' }
}

type Kept = Selectable<UserTables['passkey']>

async function signature(
  { credential: id, public_key: publicKey, counter }: Kept,
  answer: PasskeyAnswer,
  { origin, id: rpID }: RelyingParty,
  expectedChallenge: string,
): Promise<webauthn.VerifiedAuthenticationResponse> {
  const { verifyAuthenticationResponse } = await library()
  return verifyAuthenticationResponse({
    response: { ...answer, response: { ...answer.response }, clientExtensionResults: {} },
    expectedChallenge,
    expectedOrigin: origin,
    expectedRPID: rpID,
    credential: { id, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter },
    requireUserVerification: true,
  })
}

/** Only over what was compared: of two signatures at the same time one has read a counter that is none any more. */
async function count(
  { db, now }: UserParts,
  { id, counter }: Kept,
  { newCounter, credentialBackedUp }: { readonly newCounter: number; readonly credentialBackedUp: boolean },
): Promise<boolean> {
  const updated = await db
    .updateTable('passkey')
    .set({ counter: newCounter, synced: credentialBackedUp ? 1 : 0, used_at: now() })
    .where('id', '=', id)
    .where('counter', '=', counter)
    .executeTakeFirstOrThrow()
  return updated.numUpdatedRows === 1n
}
