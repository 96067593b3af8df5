/** The passkeys of who has signed in: made, listed, renamed, removed. Signing in by one is in `passkey-session.ts`. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import type { NewPasskey, Passkey, PasskeyRefusal, ProofRefusal, RelyingParty } from '#product/user'

import type { RouteParts, Routes } from './parts.ts'
import { CLOSED, Password, PersonName, refusalOf, Time, toldOfUsers } from './person-schema.ts'
import { Problem } from './problem.ts'
import { relyingParty } from './relying-party.ts'
import { SIGNED_IN } from './security.ts'
import { clearCookie } from './session-cookie.ts'
import { isoTime } from './text.ts'

/** Octets in base64url; browsers add what later editions of the standard define. */
export const Base64Url = Type.String({ minLength: 1, maxLength: 20_000, pattern: '^[\\w-]+$' })

const Id = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) })

const Shown = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    synced: Type.Boolean({ description: 'Whether more devices than one keep it.' }),
    created_at: Time,
    used_at: Type.Optional(Time),
  },
  { title: 'Passkey' },
)

/** That it is still who signed in. */
export const Proof = Type.Object(
  { password: Type.Optional(Password) },
  { ...CLOSED, description: 'The password, unless the session began within the last ten minutes.' },
)

/** Of W3C Web Authentication §5.4, in JSON. */
const CreationOptions = Type.Object(
  { challenge: Base64Url },
  {
    additionalProperties: true,
    title: 'PasskeyCreationOptions',
    description: 'For PublicKeyCredential.parseCreationOptionsFromJSON() and navigator.credentials.create().',
  },
)

const Created = Type.Object(
  {
    id: Base64Url,
    rawId: Base64Url,
    type: Type.Literal('public-key'),
    response: Type.Object({ clientDataJSON: Base64Url, attestationObject: Base64Url }),
  },
  { description: 'What navigator.credentials.create() gave, by its toJSON().' },
)

export const passkeyRoutes: Routes = (app, parts) => {
  listRoute(app, parts)
  beginRoute(app, parts)
  addRoute(app, parts)
  renameRoute(app, parts)
  removeRoute(app, parts)
}

const listRoute: Routes = (app, { signedIn, users }) => {
  app.route({
    method: 'GET',
    url: '/v1/passkeys',
    schema: {
      operationId: 'listPasskeys',
      summary: 'Your passkeys, the oldest first',
      tags: ['session'],
      ...SIGNED_IN,
      response: { 200: Type.Object({ data: Type.Array(Shown) }) },
    },
    async handler(request) {
      const { member } = await signedIn(request)
      return { data: (await users.passkeys(member.id)).map(shown) }
    },
  })
}

const beginRoute: Routes = (app, { signedIn, users, site }) => {
  app.route({
    method: 'POST',
    url: '/v1/passkeys/options',
    schema: {
      operationId: 'beginPasskey',
      summary: 'What the browser makes a passkey of, within five minutes and in this session',
      tags: ['session'],
      ...SIGNED_IN,
      body: Proof,
      response: { 200: CreationOptions },
    },
    async handler(request) {
      const current = await signedIn(request)
      const party = partyOf(site)
      const proof = { ...request.body, address: request.ip }
      const begun = await users.beginPasskey(current, proof, party)
      if (!begun.ok) throw passkeyProblem(begun)
      return { ...begun.options }
    },
  })
}

const addRoute: Routes = (app, { signedIn, users, site, note, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/passkeys',
    schema: {
      operationId: 'addPasskey',
      summary: 'Keep the passkey that the browser made; from now on it signs in',
      tags: ['session'],
      ...SIGNED_IN,
      body: Type.Object({ name: PersonName, credential: Created }, CLOSED),
      response: { 201: Shown },
    },
    async handler(request, reply) {
      const current = await signedIn(request)
      const { name, credential } = request.body
      const party = partyOf(site)
      const asked = { name, made: read(credential), party }
      const added = await toldOfUsers(() => users.addPasskey(current, asked))
      const { email } = current.member
      if (!added.ok) {
        if (added.why === 'wrong')
          log.warn('user.passkey-refused', { user: email, client: request.ip, why: added.about })
        throw passkeyProblem(added)
      }
      const { passkey } = added
      note(request, { subject: passkey.id, after: { name: passkey.name } })
      log.info('user.passkey', { user: email, passkey: passkey.id, added: true, client: request.ip })
      return reply.status(201).send(shown(passkey))
    },
  })
}

/** Nothing more goes on than what is read. */
function read({ id, rawId, type, response }: Static<typeof Created>): NewPasskey {
  const { clientDataJSON, attestationObject } = response
  return { id, rawId, type, response: { clientDataJSON, attestationObject } }
}

const renameRoute: Routes = (app, { signedIn, users }) => {
  app.route({
    method: 'PATCH',
    url: '/v1/passkeys/:id',
    schema: {
      operationId: 'changePasskey',
      summary: 'Call a passkey otherwise',
      tags: ['session'],
      ...SIGNED_IN,
      params: Id,
      body: Type.Object({ name: PersonName }, CLOSED),
      response: { 200: Shown },
    },
    async handler(request) {
      const { member } = await signedIn(request)
      const { name } = request.body
      const renamed = await toldOfUsers(() => users.renamePasskey(member.id, request.params.id, name))
      if (renamed === undefined) throw none()
      return shown(renamed)
    },
  })
}

const removeRoute: Routes = (app, { signedIn, users, note, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/passkeys/:id/remove',
    schema: {
      operationId: 'removePasskey',
      summary: 'Remove a passkey; every session ends, this one too',
      tags: ['session'],
      ...SIGNED_IN,
      params: Id,
      body: Proof,
      response: { 204: Type.Null() },
    },
    async handler(request, reply) {
      const current = await signedIn(request)
      const proof = { ...request.body, address: request.ip }
      const removed = await users.removePasskey(current, request.params.id, proof)
      if (!removed.ok) throw passkeyProblem(removed)
      const { passkey } = removed
      if (passkey === undefined) throw none()
      note(request, { before: { name: passkey.name }, after: undefined })
      const { email: user } = current.member
      log.info('user.passkey', { user, passkey: passkey.id, added: false, client: request.ip })
      clearCookie(request, reply)
      return reply.status(204).send(null)
    },
  })
}

/** @throws {Problem} `conflict` */
export function partyOf(site: RouteParts['site']): RelyingParty {
  const party = relyingParty(site())
  if (party !== undefined) return party
  throw new Problem(
    'conflict',
    'Browsers make passkeys for a host name with HTTPS alone: api.url names none.',
  )
}

export function passkeyProblem(refusal: PasskeyRefusal | ProofRefusal): Problem {
  switch (refusal.why) {
    case 'stale':
      return new Problem('forbidden', 'Show the password, or sign in anew: this session began too long ago.')
    case 'taken':
      return new Problem('conflict', 'That passkey is registered already.')
    case 'full':
      return new Problem('conflict', 'You have as many passkeys as anybody may: remove one first.')
    case 'wrong':
      return new Problem('sign-in', 'It is not what was asked for, or it came too late: begin again.')
    case 'busy':
    case 'too-often':
      return refusalOf(refusal)
  }
}

function shown({ id, name, synced, createdAt, usedAt }: Passkey): Static<typeof Shown> {
  return {
    id,
    name,
    synced,
    created_at: isoTime(createdAt),
    ...(usedAt !== undefined && { used_at: isoTime(usedAt) }),
  }
}

function none(): Problem {
  return new Problem('missing', 'You have no such passkey.')
}
