/** Recipients of a letter handed on as one message, and what becomes of each. */

import type { FastifyRequest } from 'fastify'

import { formatMailbox } from '#grammar/address'

import type { LetterRequest, RecipientFate } from './batch-schema.ts'
import { letterToMany } from './form-letter.ts'
import type { Addressed, LetterToMany } from './form-letter.ts'
import { labelsOf } from './label.ts'
import type { Once } from './idempotency.ts'
import type { RouteParts } from './parts.ts'
import type { Principal } from './principal.ts'
import { noteQuotas } from './quota-fields.ts'
import { holdUntilOf, refusalOf } from './submission.ts'
import { sourceOf } from './template-use.ts'

/** Octets of data of one message. */
export const DATA = 10 * 1024 * 1024

export type Batch = {
  readonly letter: LetterToMany
  /** Resolves when all who can be sent to are kept in one message. @throws {Problem} when nobody is */
  keep(all: readonly Addressed[], once: Once | undefined): Promise<KeptBatch>
}

export type KeptBatch = {
  /** Absent when nobody is sent to. */
  readonly id?: string
  readonly fates: readonly RecipientFate[]
  readonly again?: true
}

type Sending = { readonly key: Principal; readonly letter: LetterRequest }

/** @throws {Problem} when there is something wrong with the letter */
export async function batchOf(
  parts: RouteParts,
  request: FastifyRequest,
  { key, letter }: Sending,
): Promise<Batch> {
  const { now, unique, submitLetter, log, templates } = parts
  const source = await sourceOf(templates, key.organization, letter)
  const read = letterToMany(letter, source, { now: now(), unique: unique() })
  const { send_at: sendAt, stream = key.stream } = letter
  const { from, subject, content, campaign } = read
  const protocol = request.protocol.toUpperCase()
  const holdUntil = sendAt === undefined ? undefined : holdUntilOf(Date.parse(sendAt), now(), '#/send_at')
  const common = {
    key,
    stream,
    from,
    subject,
    content,
    address: request.ip,
    protocol,
    ...labelsOf(letter),
    ...(campaign !== undefined && { campaign }),
    ...(holdUntil !== undefined && { holdUntil }),
  }
  return {
    letter: read,
    async keep(all, once) {
      const to = all.flatMap((one) => (one.ok ? [[one.email, one.data] as const] : []))
      if (to.length === 0) return { fates: fatesOf(all, undefined, []) }
      const submitted = await submitLetter({ ...common, to, ...(once && { once }) })
      noteQuotas(request, submitted.ok || submitted.why === 'quota' ? submitted.left : undefined)
      if (!submitted.ok) {
        if (submitted.why === 'quota' || submitted.skipped === undefined) throw refusalOf(submitted, now())
        return { fates: fatesOf(all, undefined, submitted.skipped) }
      }
      const { id, skipped, again } = submitted
      if (!again)
        log.info('message.accepted', {
          message: id,
          listener: 'api',
          client: request.ip,
          credential: key.id,
          from: formatMailbox(from),
          recipients: to.length - skipped.length,
          size: content.length,
          protocol,
        })
      return { id, fates: fatesOf(all, id, skipped), ...(again && { again }) }
    },
  }
}

/** Deliveries are numbered as they were handed in, without those that were skipped. */
function fatesOf(
  all: readonly Addressed[],
  id: string | undefined,
  skipped: readonly { readonly to: string; readonly why: string }[],
): readonly RecipientFate[] {
  const why = new Map(skipped.map((one) => [one.to, one.why]))
  let n = 0
  return all.map((one): RecipientFate => {
    if (!one.ok) {
      const { email, place } = one
      return { ...(email !== undefined && { email }), status: 'invalid', ...place }
    }
    const { email } = one
    const detail = why.get(email)
    if (detail !== undefined) return { email, status: 'suppressed', detail }
    return { email, status: 'queued', delivery: `${id}.${n++}` }
  })
}
