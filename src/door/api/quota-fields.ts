/** What an answer says of quotas: the RateLimit fields of draft-ietf-httpapi-ratelimit-headers, and what is used up. */

import type { FastifyReply, FastifyRequest } from 'fastify'

import type { Exhausted } from '#engine/queue'
import type { Left } from '#product/quota'

import { Problem } from './problem.ts'
import type { QuotaSaid } from './problem.ts'
import { isoTime } from './text.ts'

/** Until the answer is written, by whichever route. */
const noted = new WeakMap<FastifyRequest, readonly Left[]>()

export function noteQuotas(request: FastifyRequest, left: readonly Left[] | undefined): void {
  if (left !== undefined && left.length > 0) noted.set(request, left)
}

/** Adds the fields, behind those of the key. */
export function sayQuotas(request: FastifyRequest, reply: FastifyReply): void {
  const all = noted.get(request)
  if (all === undefined) return
  const policies = all.map((one) => `"${nameOf(one)}";q=${one.limit};w=${one.length}`)
  const rests = all.map((one) => `"${nameOf(one)}";r=${one.left};t=${one.wait}`)
  add(reply, 'ratelimit-policy', policies)
  add(reply, 'ratelimit', rests)
}

function add(reply: FastifyReply, name: string, items: readonly string[]): void {
  const before = reply.getHeader(name)
  const first = typeof before === 'string' ? [before] : []
  void reply.header(name, [...first, ...items].join(', '))
}

/** Names of streams have no quotes. */
function nameOf({ quota, stream }: Left): string {
  return stream === undefined ? quota : `${stream}-${quota}`
}

export function quotaProblem(
  { exhausted, text }: { readonly exhausted: Exhausted; readonly text: string },
  now: number,
): Problem {
  const { quota: name, limit, stream } = exhausted
  const said: QuotaSaid = { name, ...(stream !== undefined && { stream }), limit }
  switch (exhausted.quota) {
    case 'size':
      return new Problem('too-large', text, { quota: said })
    case 'recipients':
      return new Problem('too-many-recipients', text, { quota: said })
    case 'hour':
    case 'day':
    case 'month': {
      const { used, until, wanted } = exhausted
      const quota = { ...said, used, resets_at: isoTime(until) }
      // No window will ever take it: to wait is of no use.
      if (wanted > limit && limit > 0) return new Problem('too-many-recipients', text, { quota })
      const retryAfter = Math.max(1, Math.ceil((until - now) / 1000))
      return new Problem('quota-used-up', text, { retryAfter, quota })
    }
  }
}
