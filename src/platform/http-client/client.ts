/**
 * The one way in which this server asks web servers for anything. Names are looked up here and every address is
 * checked before it is connected, so that no name, redirect or spelling leads into the operator's own network; nobody
 * else may use node:http as a client. It keeps no connections: what it asks for, it asks for once a day.
 */

import type { LookupAddress } from 'node:dns'
import { request as sendPlain } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as sendTls } from 'node:https'
import { isIP } from 'node:net'
import type { LookupFunction, Socket } from 'node:net'

import type { Dns } from '#platform/dns'

import type { HttpAnswer, HttpClient, HttpFailure, HttpRequest } from './http.ts'

export type HttpClientOptions = {
  readonly dns: Pick<Dns, 'query'>
  /** Whether nobody may be led to this address. */
  readonly isForbidden: (address: string) => boolean
  /** What `https:` means without a port; others are refused, unless it is `any`. Default: 443. */
  readonly port?: number | 'any'
  /** Addresses that may be asked by `http:`, without TLS. Default: none. */
  readonly isPlain?: (address: string) => boolean
  /** Who may sign certificates, where that is not who Node trusts. PEM. */
  readonly ca?: string
  /** How we call ourselves. */
  readonly userAgent: string
}

/** Octets of all header fields of an answer. */
const HEADER = 16 * 1024

export function createHttpClient(options: HttpClientOptions): HttpClient {
  return {
    async request(request) {
      const deadline = AbortSignal.timeout(request.timeout)
      const late = new Promise<HttpAnswer>((resolve) => {
        const end = (): void => resolve(failed('timeout', `no answer within ${request.timeout / 1000} s`))
        deadline.addEventListener('abort', end, { once: true })
      })
      return await Promise.race([follow(options, request, deadline), late])
    },
  }
}

async function follow(
  options: HttpClientOptions,
  request: HttpRequest,
  deadline: AbortSignal,
): Promise<HttpAnswer> {
  let { url } = request
  for (let left = request.redirects ?? 0; ; left -= 1) {
    const answer = await once(options, { ...request, url }, deadline)
    const target = answer.ok ? redirectOf(answer) : undefined
    if (target === undefined || request.redirects === undefined || request.redirects === 0) return answer
    if (left === 0) return failed('redirects', `more than ${request.redirects} redirects`)
    const next = URL.parse(target, url)
    if (next === null) return failed('url', 'a redirect to what is no address')
    url = next.href
  }
}

function redirectOf({ status, headers }: Extract<HttpAnswer, { ok: true }>): string | undefined {
  return status >= 300 && status < 400 ? headers.get('location') : undefined
}

async function once(
  options: HttpClientOptions,
  request: HttpRequest,
  deadline: AbortSignal,
): Promise<HttpAnswer> {
  const url = permitted(request.url, options)
  if (url === undefined)
    return failed('url', `not an address that may be asked for: ${request.url.slice(0, 200)}`)
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  const found = await addressesOf(url, host, options)
  if ('failure' in found) return found
  return await exchange(url, found.addresses, { options, request, deadline })
}

/** User and password in an address are there to deceive; another port is another service. */
function permitted(text: string, { port = 443, isPlain }: HttpClientOptions): URL | undefined {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return undefined
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isPlain !== undefined)) return undefined
  if (port === 'any') return url
  // Also for an explicit 443, which the parser leaves out.
  if (url.port === '') url.port = String(port)
  return url.port === (port === 443 ? '' : String(port)) ? url : undefined
}

/** Whether this address may be asked, as the URL wants to. */
function isAllowed({ protocol }: URL, address: string, options: HttpClientOptions): boolean {
  return !options.isForbidden(address) && (protocol === 'https:' || options.isPlain?.(address) === true)
}

type Addresses = { readonly addresses: readonly string[] } | Extract<HttpAnswer, { ok: false }>

async function addressesOf(url: URL, host: string, options: HttpClientOptions): Promise<Addresses> {
  const answers = isIP(host) === 0 ? await lookUp(host, options.dns) : { addresses: [host] }
  if ('failure' in answers) return answers
  const { addresses } = answers
  if (addresses.length === 0) return failed('dns', `${host} has no address`)
  const allowed = addresses.filter((address) => isAllowed(url, address, options))
  if (allowed.length > 0) return { addresses: allowed }
  return addresses.every((address) => options.isForbidden(address))
    ? failed('address', `${host} has the private or special address ${addresses[0]}`)
    : failed('address', `${host} has the address ${addresses[0]}, which is not asked without TLS`)
}

async function lookUp(host: string, dns: HttpClientOptions['dns']): Promise<Addresses> {
  const answers = await Promise.all([dns.query(host, 'AAAA'), dns.query(host, 'A')])
  const addresses = answers.flatMap((one) => (one.kind === 'records' ? one.records : []))
  const broken = answers.find((one) => one.kind === 'failed')
  if (addresses.length > 0 || broken?.kind !== 'failed') return { addresses }
  return failed('dns', `DNS lookup of ${host} failed: ${broken.text}`)
}

type Asked = {
  readonly options: HttpClientOptions
  readonly request: HttpRequest
  readonly deadline: AbortSignal
}

function exchange(url: URL, addresses: readonly string[], asked: Asked): Promise<HttpAnswer> {
  const { options, request, deadline } = asked
  const { promise, resolve } = Promise.withResolvers<HttpAnswer>()
  const send = url.protocol === 'http:' ? sendPlain : sendTls
  const outgoing = send(url, {
    method: request.method ?? 'GET',
    headers: { 'user-agent': options.userAgent, 'accept-encoding': 'identity', ...request.headers },
    lookup: pinned(addresses),
    agent: false,
    maxHeaderSize: HEADER,
    signal: deadline,
    rejectUnauthorized: request.anyCertificate !== true,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  })
  // The address that is connected, not the one that was looked up.
  outgoing.on('socket', (socket: Socket) => {
    socket.once('connect', () => {
      if (isAllowed(url, socket.remoteAddress ?? '', options)) return
      resolve(failed('address', `${url.hostname} leads to a private or special address`))
      outgoing.destroy()
    })
  })
  outgoing.on('error', (error) => resolve(failureOf(error)))
  outgoing.on('response', (response) => void read(response, request.most).then(resolve))
  outgoing.end(request.body)
  return promise
}

/** Answers with what was checked: between the check and the connection nobody is asked again. */
function pinned(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address): LookupAddress => ({ address, family: isIP(address) }))
  return (_host, { all: wantsAll }, give) => {
    const [first] = all
    if (wantsAll === true) give(null, all)
    else give(null, first?.address ?? '', first?.family)
  }
}

async function read(response: IncomingMessage, most: number): Promise<HttpAnswer> {
  const chunks: Buffer[] = []
  let octets = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      octets += chunk.length
      // Leaving the loop destroys the response, and the connection with it.
      if (octets > most) return failed('too-large', `more than ${most} octets`)
      chunks.push(chunk)
    }
  } catch (error) {
    return failureOf(error)
  }
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  return { ok: true, status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks) }
}

function failureOf(error: unknown): Extract<HttpAnswer, { ok: false }> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const text = error instanceof Error && error.message !== '' ? error.message : code
  return failed(isAboutCertificate(code) ? 'certificate' : 'connection', text)
}

/** OpenSSL's names for what can be wrong with a chain, and Node's for a name that does not match. */
function isAboutCertificate(code: string): boolean {
  return /CERT|ISSUER|SIGNATURE|CRL|INVALID_PURPOSE|HOSTNAME_MISMATCH/.test(code) && !code.includes('ALERT')
}

function failed(failure: HttpFailure, text: string): Extract<HttpAnswer, { ok: false }> {
  return { ok: false, failure, text }
}
