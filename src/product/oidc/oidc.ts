/**
 * Signing in by a provider of OpenID Connect: authorization code with PKCE, state and nonce. What comes of it is a
 * session like any other. OpenID Connect Core §3.1, RFC 9700 §2.1
 */

import type * as openid from 'openid-client'

import { Attempts, whoseAddress } from '#product/user'
import type { Client, IdentitySignedIn, Users } from '#product/user'

import { grantsOf, identityOf, isOfDomain, saysEnough } from './claims.ts'
import type { Claims } from './claims.ts'
import { Descriptions, library, unreachable } from './provider.ts'
import type { Provider, ProviderParts } from './provider.ts'
import type { OidcRequests, Waiting } from './requests.ts'

export type BeginOidc = {
  readonly provider: string
  readonly address: string
  /** Absent: where they have belonged the longest. */
  readonly organization?: string
  /** Who asks, while signed in, for the identity to become theirs. */
  readonly account?: string
}

/** What the browser came back with. */
export type ReturnedOidc = Client & {
  readonly provider: string
  /** As the provider wrote it: what stands behind the `?`. */
  readonly query: string
  /** What the browser was given when it began. */
  readonly browser: string
}

export type OidcRefusal =
  /** There is no such provider. */
  | { readonly ok: false; readonly why: 'missing' }
  /** The provider cannot be asked; `about` is for the log, as below. */
  | { readonly ok: false; readonly why: 'unreachable'; readonly about: string }
  /** The answer is none to what was asked, or is not signed and meant as it must be. */
  | { readonly ok: false; readonly why: 'refused'; readonly about: string }
  /** `wait` in milliseconds. */
  | { readonly ok: false; readonly why: 'too-often'; readonly wait: number }

export type Begun =
  /** Where the browser goes, and what it keeps until it comes back. */
  { readonly ok: true; readonly url: string; readonly browser: string } | OidcRefusal

export type OidcSignedIn = IdentitySignedIn | OidcRefusal

export type Oidc = {
  /** In the order of the configuration. */
  readonly providers: readonly { readonly name: string; readonly title: string }[]
  begin(request: BeginOidc): Promise<Begun>
  complete(returned: ReturnedOidc): Promise<OidcSignedIn>
}

export type OidcParts = ProviderParts & {
  readonly providers: readonly Provider[]
  readonly users: Pick<Users, 'signInIdentity'>
  readonly requests: OidcRequests
  /** Where a provider sends the browser back to. */
  readonly redirectOf: (provider: string) => string
}

/** Each is a row for some minutes and a question to the provider, which anybody may ask for. */
const BEGINNING = { burst: 30, every: 5_000 }
const COMPLETING = { burst: 30, every: 10_000 }

type Running = OidcParts & {
  readonly descriptions: Descriptions
  readonly beginning: Attempts
  readonly completing: Attempts
}

export function createOidc(parts: OidcParts): Oidc {
  const { now } = parts
  const running = {
    ...parts,
    descriptions: new Descriptions(parts),
    beginning: new Attempts(BEGINNING, now),
    completing: new Attempts(COMPLETING, now),
  }
  return {
    providers: parts.providers.map(({ name, title = name }) => ({ name, title })),
    begin: (request) => begin(running, request),
    complete: (returned) => complete(running, returned),
  }
}

async function begin(parts: Running, request: BeginOidc): Promise<Begun> {
  const { provider: name, address, organization, account } = request
  const provider = parts.providers.find((each) => each.name === name)
  if (provider === undefined) return { ok: false, why: 'missing' }
  const wait = parts.beginning.take(whoseAddress(address))
  if (wait > 0) return { ok: false, why: 'too-often', wait }
  const { buildAuthorizationUrl, calculatePKCECodeChallenge, randomNonce, randomPKCECodeVerifier } =
    await library()
  let config: openid.Configuration
  try {
    config = await parts.descriptions.of(provider)
  } catch (error) {
    return { ok: false, why: 'unreachable', about: unreachable(error)?.message ?? wordsOf(error) }
  }
  const nonce = randomNonce()
  const verifier = randomPKCECodeVerifier()
  const { state, browser } = await parts.requests.add({
    provider: name,
    nonce,
    verifier,
    ...(organization !== undefined && { organization }),
    ...(account !== undefined && { account }),
  })
  const url = buildAuthorizationUrl(config, {
    redirect_uri: parts.redirectOf(name),
    scope: provider.scopes.join(' '),
    // RFC 7636 §4.3
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  })
  return { ok: true, url: url.href, browser }
}

async function complete(parts: Running, returned: ReturnedOidc): Promise<OidcSignedIn> {
  const { provider: name, query, browser, address, agent } = returned
  const provider = parts.providers.find((each) => each.name === name)
  if (provider === undefined) return { ok: false, why: 'missing' }
  const from = whoseAddress(address)
  const wait = parts.completing.take(from)
  if (wait > 0) return { ok: false, why: 'too-often', wait }
  const state = new URLSearchParams(query).get('state') ?? ''
  const waiting = await parts.requests.take(state, browser)
  // RFC 9700 §4.4.2.2: an answer that came to the address of another provider is one that was passed on.
  if (waiting === undefined || waiting.provider !== name)
    return refused('the state is none that this browser waits for')
  const told = await claimsOf(parts, provider, { query, state, waiting })
  if (!told.ok) return told
  const signedIn = await accept(parts, provider, { claims: told.claims, waiting, client: { address, agent } })
  if (signedIn.ok) parts.completing.giveBack(from)
  return signedIn
}

type Accepted = { readonly claims: Claims; readonly waiting: Waiting; readonly client: Client }

async function accept(
  { users }: Running,
  provider: Provider,
  { claims, waiting, client }: Accepted,
): Promise<OidcSignedIn> {
  const identity = identityOf(provider, claims)
  // The library takes an empty one, which would be everybody who has none.
  if (identity.subject === '') return refused('unexpected "sub" claim: it is empty')
  if (!isOfDomain(provider, identity)) return refused('the address is of no domain that may sign in')
  const grants = grantsOf(provider, claims)
  const { organization, account } = waiting
  return users.signInIdentity({
    identity,
    policy: { link: provider.link, code: provider.askCode, ...(grants !== undefined && { grants }) },
    ...client,
    ...(organization !== undefined && { organization }),
    ...(account !== undefined && { account }),
  })
}

function refused(about: string): Extract<OidcRefusal, { why: 'refused' }> {
  return { ok: false, why: 'refused', about }
}

type Returned = { readonly query: string; readonly state: string; readonly waiting: Waiting }

/** Of the ID token, whose issuer, audience, times, nonce and signature the library has checked. */
async function claimsOf(
  parts: Running,
  provider: Provider,
  { query, state, waiting }: Returned,
): Promise<{ readonly ok: true; readonly claims: Claims } | OidcRefusal> {
  const { authorizationCodeGrant, fetchUserInfo } = await library()
  try {
    const config = await parts.descriptions.of(provider)
    const url = new URL(`${parts.redirectOf(provider.name)}?${query}`)
    const tokens = await authorizationCodeGrant(config, url, {
      pkceCodeVerifier: waiting.verifier,
      expectedState: state,
      expectedNonce: waiting.nonce,
      idTokenExpected: true,
    })
    const claims: Claims | undefined = tokens.claims()
    if (claims === undefined) return refused('there is no ID token')
    if (saysEnough(provider, claims) || config.serverMetadata().userinfo_endpoint === undefined)
      return { ok: true, claims }
    const more = await fetchUserInfo(config, tokens.access_token, String(claims['sub']))
    // What is signed overrules what is not.
    return { ok: true, claims: { ...more, ...claims } }
  } catch (error) {
    const nobody = unreachable(error)
    if (nobody !== undefined) return { ok: false, why: 'unreachable', about: nobody.message }
    // Whatever the library throws, it throws at what a browser, a stranger or the provider has said.
    return refused(wordsOf(error))
  }
}

/** The cause says which claim it was. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  return cause instanceof Error && cause.message !== message ? `${message}: ${cause.message}` : message
}
