/** A provider of OpenID Connect: found by its issuer, asked through the client that refuses private addresses. */

import type * as oidc from 'openid-client'

import type { HttpClient } from '#platform/http-client'
import type { Linking, Role } from '#product/user'

export type Provider = {
  /** As it stands in addresses. */
  readonly name: string
  /** As people read it. */
  readonly title?: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  readonly scopes: readonly string[]
  /** Of the addresses that may sign in; empty: any. */
  readonly domains: readonly string[]
  /** Whether its addresses count as verified without its saying so. */
  readonly trustEmail: boolean
  readonly link: Linking
  /** Whether its claims make users. */
  readonly provision: boolean
  readonly organization: string
  readonly role: Role
  /** Of which the members are told; absent: everybody is given `organization` and `role`. */
  readonly claim?: string
  readonly members: readonly {
    readonly value: string
    readonly organization: string
    readonly role: Role
  }[]
  readonly askCode: boolean
}

/** `unreachable`: the provider did not answer, or not as one. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly code: 'unreachable'
  constructor(code: 'unreachable', message: string) {
    super(message)
    this.code = code
  }
}

/** In ms, and octets of an answer: descriptions and keys are short. */
const LIMITS = { timeout: 10_000, most: 512 * 1024 } as const

/** In ms: how long what a provider says of itself is believed. Its keys are asked for anew when one is unknown. */
const DESCRIBED = 3_600_000

export type ProviderParts = { readonly http: HttpClient; readonly now: () => number }

type Described = { readonly config: oidc.Configuration; readonly until: number }

/** 7 MiB that a node needs whose people use it. */
export function library(): Promise<typeof oidc> {
  return import('openid-client')
}

/** What each provider says of itself, asked for when somebody signs in by it. */
export class Descriptions {
  readonly #parts: ProviderParts
  readonly #known = new Map<string, Described>()

  constructor(parts: ProviderParts) {
    this.#parts = parts
  }

  /** @throws {ProviderError} and what the library throws at what is no such description */
  async of(provider: Provider): Promise<oidc.Configuration> {
    const at = this.#parts.now()
    const known = this.#known.get(provider.name)
    if (known !== undefined && at < known.until) return known.config
    const config = await described(provider, this.#parts.http)
    this.#known.set(provider.name, { config, until: at + DESCRIBED })
    return config
  }
}

async function described(provider: Provider, http: HttpClient): Promise<oidc.Configuration> {
  const openid = await library()
  const { issuer, clientId, clientSecret } = provider
  const fetch = fetchOver(http)
  const isPlain = issuer.startsWith('http:')
  const found = await openid.discovery(new URL(issuer), clientId, undefined, undefined, {
    [openid.customFetch]: fetch,
    ...(isPlain && { execute: [openid.allowInsecureRequests] }),
  })
  const server = found.serverMetadata()
  const metadata = clientSecret === undefined ? {} : { client_secret: clientSecret }
  const config = new openid.Configuration(server, clientId, metadata, await clientAuth(provider, server))
  config[openid.customFetch] = fetch
  // The client itself says where it may go without TLS; without this the library would ask nobody there.
  if (isPlain) openid.allowInsecureRequests(config)
  // TLS says whom we asked; the signature says it of the token itself, and `alg: none` says nothing.
  openid.enableNonRepudiationChecks(config)
  return config
}

/** RFC 6749 §2.3.1: the secret in the header section, unless the provider names only the other way. */
async function clientAuth(
  { clientSecret }: Provider,
  { token_endpoint_auth_methods_supported: supported }: oidc.ServerMetadata,
): Promise<oidc.ClientAuth> {
  const { ClientSecretBasic, ClientSecretPost, None } = await library()
  if (clientSecret === undefined) return None()
  const isPost = supported !== undefined && !supported.includes('client_secret_basic')
  return isPost ? ClientSecretPost(clientSecret) : ClientSecretBasic(clientSecret)
}

/** As `fetch`, but no redirect is followed, no private address asked, and every answer has an end. */
function fetchOver(http: HttpClient): oidc.CustomFetch {
  return async (url, { method, headers, body }) => {
    const answer = await http.request({
      url,
      method: method === 'POST' ? 'POST' : 'GET',
      headers,
      ...(body !== undefined && body !== null && { body: Buffer.from(textOf(body)) }),
      ...LIMITS,
    })
    if (!answer.ok) throw new ProviderError('unreachable', `${new URL(url).host}: ${answer.text}`)
    if (answer.status >= 500)
      throw new ProviderError('unreachable', `${new URL(url).host} answers ${answer.status}`)
    const isEmpty = answer.status === 204 || answer.status === 304
    return new Response(isEmpty ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: [...answer.headers],
    })
  }
}

/** Questions to a provider are forms. */
function textOf(body: oidc.FetchBody): string {
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new Error('a provider is asked by a form')
}

/** Whether nobody was there, rather than that what was said is wrong. */
export function unreachable(error: unknown): ProviderError | undefined {
  let cause = error
  for (let depth = 0; depth < CAUSES && cause instanceof Error; depth += 1) {
    if (cause instanceof ProviderError) return cause
    ;({ cause } = cause)
  }
  return undefined
}

/** The library wraps errors in errors. */
const CAUSES = 5
