/** Blastengine's bulk deliveries: begun, given recipients, sent; each recipient gets a message of its own. */

import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'

import { compose } from '#grammar/composition'
import { parseMessageId } from '#grammar/message-id'
import type { BulkChange, BulkDelivery, BulkRecipient } from '#product/bulk-delivery'

import { requestOf } from './blastengine-letter.ts'
import { BulkBegin, BulkCommit, BulkUpdate, DeliveryId } from './blastengine-schema.ts'
import { letterOf } from './composition.ts'
import type { Letter } from './composition.ts'
import type { App, RouteParts, Routes } from './parts.ts'
import type { Principal } from './principal.ts'
import { invalidAt, Problem } from './problem.ts'
import { handOver, holdUntilOf } from './submission.ts'
import { needs } from './security.ts'

type Content = Static<typeof BulkBegin>

const DESCRIBED = { summary: 'Bulk deliveries in the words of Blastengine', tags: ['façades'] }

export const blastengineBulkRoutes: Routes = (app, parts) => {
  /** Being sent at this moment, by this process, which is the only one: two commits at once would send twice. */
  const sending = new Set<string>()
  editRoutes(app, parts, sending)
  commitRoutes(app, parts, sending)
  cancelRoute(app, parts)
}

function editRoutes(app: App, parts: RouteParts, sending: ReadonlySet<string>): void {
  const { authenticate, bulk } = parts
  app.route({
    method: 'POST',
    url: '/deliveries/bulk/begin',
    schema: { ...DESCRIBED, ...needs('messages:send'), body: BulkBegin },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'messages:send')
      const id = await bulk.begin(organization, JSON.stringify(request.body))
      return reply.status(201).send({ delivery_id: id })
    },
  })
  app.route({
    method: 'PUT',
    url: '/deliveries/bulk/update/:id',
    schema: { ...DESCRIBED, ...needs('messages:send'), params: DeliveryId, body: BulkUpdate },
    async handler(request) {
      const { organization } = await authenticate(request, 'messages:send')
      const { id } = request.params
      const change = changed(await bulkOf(parts, organization, id), request.body)
      if (sending.has(nameOf(organization, id)) || !(await bulk.edit(organization, id, change)))
        throw begun(id)
      return { delivery_id: id }
    },
  })
  app.route({
    method: 'DELETE',
    url: '/deliveries/:id',
    schema: { ...DESCRIBED, ...needs('messages:send'), params: DeliveryId },
    async handler(request) {
      const { organization } = await authenticate(request, 'messages:send')
      const { id } = request.params
      await bulkOf(parts, organization, id)
      if (sending.has(nameOf(organization, id)) || !(await bulk.remove(organization, id))) throw begun(id)
      return { delivery_id: id }
    },
  })
}

/** What one organization sends must not show in what another is told. */
function nameOf(organization: string, id: number): string {
  return `${organization} ${id}`
}

/** Recipients take the place of those before. */
function changed(found: BulkDelivery, { to, ...fields }: Static<typeof BulkUpdate>): BulkChange {
  return {
    content: JSON.stringify({ ...(JSON.parse(found.content) as Content), ...fields }),
    recipients:
      to?.map(({ email, insert_code: codes }) => ({ email, codes: codes ?? [] })) ?? found.recipients,
  }
}

function commitRoutes(app: App, parts: RouteParts, sending: Set<string>): void {
  async function commit(request: FastifyRequest, id: number, due: number | undefined): Promise<object> {
    const key = await parts.authenticate(request, 'messages:send')
    const name = nameOf(key.organization, id)
    if (sending.has(name)) throw begun(id)
    // Before it is looked up: another commit may come to its end meanwhile.
    sending.add(name)
    try {
      const found = await bulkOf(parts, key.organization, id)
      if (found.state === 'sent') throw begun(id)
      await sendBulk(parts, request, { key, found, due })
    } finally {
      sending.delete(name)
    }
    return { delivery_id: id }
  }
  app.route({
    method: 'PATCH',
    url: '/deliveries/bulk/commit/:id/immediate',
    schema: { ...DESCRIBED, ...needs('messages:send'), params: DeliveryId },
    handler: (request) => commit(request, request.params.id, undefined),
  })
  app.route({
    method: 'PATCH',
    url: '/deliveries/bulk/commit/:id',
    schema: { ...DESCRIBED, ...needs('messages:send'), params: DeliveryId, body: BulkCommit },
    async handler(request) {
      const due = Date.parse(request.body.reservation_time)
      return await commit(request, request.params.id, holdUntilOf(due, parts.now(), '#/reservation_time'))
    },
  })
}

function cancelRoute(app: App, parts: RouteParts): void {
  const { authenticate, operations } = parts
  app.route({
    method: 'PATCH',
    url: '/deliveries/:id/cancel',
    schema: { ...DESCRIBED, ...needs('messages:write'), params: DeliveryId },
    async handler(request) {
      const { organization, id: key } = await authenticate(request, 'messages:write')
      const { recipients } = await bulkOf(parts, organization, request.params.id)
      for (const { message: name } of recipients) {
        const message = parseMessageId(name ?? '')
        if (message === undefined) continue
        const filter = { message, organization }
        await operations.change({ filter, change: 'cancel', reason: `API key ${key}` })
      }
      return { delivery_id: request.params.id }
    },
  })
}

/** @throws {Problem} `missing` */
async function bulkOf({ bulk }: RouteParts, organization: string, id: number): Promise<BulkDelivery> {
  const found = await bulk.find(organization, id)
  if (found === undefined) throw new Problem('missing', `There is no bulk delivery ${id}.`)
  return found
}

function begun(id: number): Problem {
  return new Problem('invalid', `The bulk delivery ${id} is being sent, or has been.`)
}

/** So many at once, that one commit keeps many of them; a crash may send as many twice. */
const AT_ONCE = 25

type Sending = { readonly key: Principal; readonly found: BulkDelivery; readonly due: number | undefined }

/** Those that a commit before this one saw to are left as they are. @throws {Problem} why it did not come to the end */
async function sendBulk(parts: RouteParts, request: FastifyRequest, sending: Sending): Promise<void> {
  const { key, found, due } = sending
  const recipients = [...found.recipients]
  if (recipients.length === 0) throw invalidAt('#/to', 'there is no recipient')
  const letters = lettersOf(parts, found)
  const note = (state: 'sending' | 'sent'): Promise<void> =>
    parts.bulk.progress(key.organization, found.id, {
      recipients,
      state,
      ...(due !== undefined && { due }),
    })
  await note('sending')
  for (let start = 0; start < letters.length; start += AT_ONCE) {
    const batch = letters.slice(start, start + AT_ONCE)
    const fates = await Promise.allSettled(
      batch.map(({ letter }) => sendOne(parts, request, sending, letter)),
    )
    for (const [i, { n }] of batch.entries()) recipients[n] = fated(recipients[n], fates[i])
    await note('sending')
    const failure = fates.find((fate) => fate.status === 'rejected')
    if (failure !== undefined) throw failure.reason
  }
  await note('sent')
}

type Fate = Pick<BulkRecipient, 'message' | 'refused'>

function fated(
  recipient: BulkRecipient | undefined,
  fate: PromiseSettledResult<Fate> | undefined,
): BulkRecipient {
  if (recipient === undefined) throw new TypeError('a letter without a recipient')
  return fate?.status === 'fulfilled' ? { ...recipient, ...fate.value } : recipient
}

async function sendOne(
  parts: RouteParts,
  request: FastifyRequest,
  { key, due }: Sending,
  { from, recipients: to, composition }: Letter,
): Promise<Fate> {
  try {
    const content = compose(composition)
    const handing = { key, stream: undefined, from, to, content }
    const { id } = await handOver(parts, request, {
      ...handing,
      ...(due !== undefined && { holdUntil: due }),
    })
    return { message: id }
  } catch (error) {
    if (error instanceof Problem && error.code === 'suppressed') return { refused: error.message }
    throw error
  }
}

type Numbered = { readonly n: number; readonly letter: Letter }

/** @throws {Problem} `invalid`, before anything is sent */
function lettersOf({ now, unique }: RouteParts, { content, recipients }: BulkDelivery): readonly Numbered[] {
  const common = JSON.parse(content) as Content
  return recipients.flatMap(({ email, codes, message, refused }, n) => {
    if (message !== undefined || refused !== undefined) return []
    const request = requestOf({ ...common, to: email, insert_code: [...codes] }, [])
    return [{ n, letter: letterOf(request, { now: now(), unique: unique() }) }]
  })
}
