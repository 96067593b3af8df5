/** A provider of OpenID Connect, in software: it signs with node:crypto, and lies where a test asks it to. */

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { text } from 'node:stream/consumers'

import type { HttpAnswer, HttpClient } from '#platform/http-client'

/** What a test has it say otherwise. */
export type Lie = {
  /** Of the ID token, over those that are right. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Claims that it does not say. */
  readonly without?: readonly string[]
  /** `none`: unsigned. `other`: signed by a key that it does not publish. */
  readonly signature?: 'none' | 'other'
  /** In the address that the browser comes back to. */
  readonly back?: Readonly<Record<string, string>>
  /** What only the userinfo endpoint tells. */
  readonly userinfo?: Readonly<Record<string, unknown>>
}

type Grant = {
  readonly nonce: string
  readonly challenge: string
  readonly redirect: string
  readonly lie: Lie
}

const CLIENT = { id: 'hikyaku', secret: 'a secret of the provider' }

const PATHS = { token: '/token', keys: '/keys', authorize: '/authorize', userinfo: '/userinfo' }

const DESCRIPTION = '/.well-known/openid-configuration'

export class IdentityProvider implements AsyncDisposable {
  readonly client = CLIENT
  /** Requests that it answered, as `GET /keys`. */
  readonly asked: string[] = []
  issuer: string
  isGone = false
  readonly #keys = { own: keyPair(), other: keyPair() }
  readonly #codes = new Map<string, Grant>()
  readonly #tokens = new Map<string, Lie>()
  #server: Server | undefined

  constructor(issuer = 'https://id.example.net') {
    this.issuer = issuer
  }

  /** On loopback, without TLS. */
  static async listen(): Promise<IdentityProvider> {
    const provider = new IdentityProvider()
    const server = createServer((request, response) => {
      void (async () => {
        const { method = '', url = '', headers } = request
        const told = provider.#answer(method, url, headers.authorization ?? '', await text(request))
        response.writeHead(told.status, { 'content-type': 'application/json' }).end(told.body)
      })()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    provider.issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    provider.#server = server
    return provider
  }

  /** Without a server. */
  get http(): HttpClient {
    return {
      request: async ({ url, method = 'GET', headers = {}, body }): Promise<HttpAnswer> => {
        if (this.isGone) return { ok: false, failure: 'connection', text: 'connection refused' }
        const { origin, pathname } = new URL(url)
        if (origin !== this.issuer) return { ok: false, failure: 'dns', text: `${origin} has no address` }
        const authorization = new Headers(headers).get('authorization') ?? ''
        const told = this.#answer(method, pathname, authorization, body ? Buffer.from(body).toString() : '')
        const type = new Map([['content-type', 'application/json']])
        return { ok: true, status: told.status, headers: type, body: Buffer.from(told.body) }
      },
    }
  }

  /** What its user does who is sent to `url`: signs in, and is sent back with this query. */
  consent(url: string, lie: Lie = {}): string {
    const asked = new URL(url)
    const one = (name: string): string => asked.searchParams.get(name) ?? ''
    if (asked.origin + asked.pathname !== this.issuer + PATHS.authorize) throw new Error(`not ours: ${url}`)
    for (const [name, value] of [
      ['response_type', 'code'],
      ['client_id', CLIENT.id],
      ['code_challenge_method', 'S256'],
    ] as const)
      if (one(name) !== value) throw new Error(`${name} is ${one(name)}`)
    if (!one('scope').split(' ').includes('openid')) throw new Error('the scope is not openid')
    const code = randomBytes(8).toString('hex')
    const grant = {
      nonce: one('nonce'),
      challenge: one('code_challenge'),
      redirect: one('redirect_uri'),
      lie,
    }
    this.#codes.set(code, grant)
    const back = { code, state: one('state'), iss: this.issuer, ...lie.back }
    return new URLSearchParams(back).toString()
  }

  #answer(
    method: string,
    path: string,
    authorization: string,
    body: string,
  ): { status: number; body: string } {
    this.asked.push(`${method} ${path}`)
    switch (path) {
      case DESCRIPTION:
        return json(200, this.#description())
      case PATHS.keys:
        return json(200, { keys: [publicKey(this.#keys.own.publicKey)] })
      case PATHS.token:
        return this.#token(new URLSearchParams(body), authorization)
      case PATHS.userinfo: {
        const lie = this.#tokens.get(authorization.replace('Bearer ', ''))
        return json(lie === undefined ? 401 : 200, { sub: lie?.claims?.['sub'] ?? 'u1', ...lie?.userinfo })
      }
      default:
        return json(404, {})
    }
  }

  #description(): object {
    const { issuer } = this
    return {
      issuer,
      authorization_endpoint: issuer + PATHS.authorize,
      token_endpoint: issuer + PATHS.token,
      jwks_uri: issuer + PATHS.keys,
      userinfo_endpoint: issuer + PATHS.userinfo,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      // A careless one, which lists what OpenID Connect Core §2 forbids for the code flow here.
      id_token_signing_alg_values_supported: ['ES256', 'none'],
      authorization_response_iss_parameter_supported: true,
    }
  }

  #token(form: URLSearchParams, authorization: string): { status: number; body: string } {
    const shown = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()
    const wanted = `${CLIENT.id}:${new URLSearchParams({ x: CLIENT.secret }).toString().slice(2)}`
    if (shown !== wanted) return json(401, { error: 'invalid_client' })
    const code = form.get('code') ?? ''
    const grant = this.#codes.get(code)
    // RFC 6749 §4.1.2: a code is taken once.
    this.#codes.delete(code)
    if (grant?.redirect !== form.get('redirect_uri')) return json(400, { error: 'invalid_grant' })
    const made = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (made !== grant.challenge) return json(400, { error: 'invalid_grant' })
    const access = randomBytes(8).toString('hex')
    this.#tokens.set(access, grant.lie)
    return json(200, {
      access_token: access,
      token_type: 'Bearer',
      expires_in: 60,
      id_token: this.#idToken(grant),
    })
  }

  #idToken({ nonce, lie: { claims = {}, without = [], signature } }: Grant): string {
    const now = Math.floor(Date.now() / 1000)
    const all = {
      iss: this.issuer,
      aud: CLIENT.id,
      sub: 'u1',
      iat: now,
      exp: now + 300,
      nonce,
      email: 'ada@example.com',
      email_verified: true,
      name: 'Ada',
      ...claims,
    }
    const said = Object.fromEntries(Object.entries(all).filter(([name]) => !without.includes(name)))
    const header = signature === 'none' ? { alg: 'none' } : { alg: 'ES256', kid: 'own' }
    const input = [header, said]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    if (signature === 'none') return `${input}.`
    const key = this.#keys[signature ?? 'own'].privateKey
    // RFC 7515 §A.3
    return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

function keyPair(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function publicKey(key: KeyObject): object {
  return { ...key.export({ format: 'jwk' }), kid: 'own', use: 'sig', alg: 'ES256' }
}

function json(status: number, body: object): { status: number; body: string } {
  return { status, body: JSON.stringify(body) }
}
