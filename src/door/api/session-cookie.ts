/** The cookie of a session: how it is set, read, and kept from being used by other sites. */

import type { FastifyReply, FastifyRequest } from 'fastify'

import { Problem } from './problem.ts'

export const SESSION_COOKIE = 'hikyaku_session'

/** A page of another site cannot set a header of its own without asking, and we allow it to nobody. */
const OWN_HEADER = 'x-hikyaku-request'

/** No Expires: it ends with the browser, and at the latest when the session does. RFC 6265 §5.2 */
export function setCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  const secure = request.protocol === 'https' ? '; Secure' : ''
  void reply.header('set-cookie', `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Lax${secure}`)
}

export function clearCookie(request: FastifyRequest, reply: FastifyReply): void {
  const secure = request.protocol === 'https' ? '; Secure' : ''
  void reply.header('set-cookie', `${SESSION_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${secure}`)
}

/** Of a sign-in that has gone to a provider: the browser that began is the one that comes back with the answer. */
const REQUEST_COOKIE = 'hikyaku_sign_in'

/** Strict: the page that the provider sends the browser to asks for the rest itself. */
export function setRequestCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  void reply.header('set-cookie', requestCookie(request, token, ''))
}

export function clearRequestCookie(request: FastifyRequest, reply: FastifyReply): void {
  void reply.header('set-cookie', requestCookie(request, '', '; Max-Age=0'))
}

function requestCookie({ protocol }: FastifyRequest, token: string, age: string): string {
  const secure = protocol === 'https' ? '; Secure' : ''
  return `${REQUEST_COOKIE}=${token}; Path=/v1/session/oidc${age}; HttpOnly; SameSite=Strict${secure}`
}

export function requestCookieOf(request: FastifyRequest): string | undefined {
  return cookieOf(request, REQUEST_COOKIE)
}

/** RFC 6265 §4.2.1 */
export function cookieOf(request: FastifyRequest, wanted = SESSION_COOKIE): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === wanted && value !== undefined && value !== '') return value
  }
  return undefined
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/**
 * A browser sends the cookie whoever made it ask. So what changes anything must come from a page of ours, as the
 * browser itself says, or carry a header that other sites cannot send. RFC 6454 §7.1
 * @throws {Problem} `cross-site`
 */
export function refuseOtherSites(request: FastifyRequest): void {
  if (SAFE.has(request.method)) return
  const { origin } = request.headers
  const isOurs = origin === undefined ? OWN_HEADER in request.headers : hostOf(origin) === request.host
  if (isOurs) return
  throw new Problem(
    'cross-site',
    `Ask from a page of this host, or without Origin and with ${OWN_HEADER}: 1.`,
  )
}

function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host
}
