/** The Idempotency-Key of a request: how it is written, and the digest that tells two requests apart. draft-ietf-httpapi-idempotency-key-header */

import { createHash } from 'node:crypto'

import type { FastifyReply, FastifyRequest } from 'fastify'

import { Problem } from './problem.ts'

/** For the description of a route: the header is no part of its closed schema, but people must find it. */
export const IDEMPOTENCY =
  'With `Idempotency-Key` the request is done once, however often it is made. Under the same key another one is refused.'

/** A string of a structured field, or what many clients send: the same without quotes. RFC 8941 §3.3.3 */
const KEY = /^(?:"([ !#-~]{1,255})"|([!#-+\--~]{1,255}))$/

export type Once = { readonly key: string; readonly digest: string }

/** `undefined` without the header. @throws {Problem} when it is none */
export function onceOf(request: FastifyRequest): Once | undefined {
  const key = keyOf(request)
  return key === undefined ? undefined : { key, digest: digestOf(request) }
}

/** `undefined` without the header. @throws {Problem} when it is none */
export function keyOf(request: FastifyRequest): string | undefined {
  const given = request.headers['idempotency-key']
  if (given === undefined) return undefined
  const [, quoted, bare] = KEY.exec(String(given)) ?? []
  const key = quoted ?? bare
  if (key === undefined)
    throw new Problem(
      'malformed',
      'Idempotency-Key: expected 1 to 255 printable characters, in quotes or none',
    )
  return key
}

/** Of what was read from the body: spaces between are nothing to tell two requests apart by. */
function digestOf({ url, body }: FastifyRequest): string {
  const text = Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return createHash('sha256').update(url).update('\0').update(text).digest('base64url')
}

/** Tells the client that nothing was done this time. */
export function markAgain(reply: FastifyReply): void {
  void reply.header('idempotency-replayed', 'true')
}
