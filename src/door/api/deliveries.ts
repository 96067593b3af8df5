/** Messages and their deliveries: shown, explained, changed. Each of the key's own organization, and no other. */

import { Type } from 'typebox'

import { parseMessageId } from '#grammar/message-id'
import type { MessageId } from '#grammar/message-id'
import { languageOf, tell } from '#product/explanation'
import type { Operations } from '#product/operation'

import { deliverySearchRoutes } from './delivery-search.ts'
import { MessageShown, messageShown, State } from './delivery-schema.ts'
import type { Routes } from './parts.ts'
import { Problem } from './problem.ts'
import { needs } from './security.ts'

const Named = Type.Object({ id: Type.String({ maxLength: 40 }) })

export const deliveryRoutes: Routes = (app, parts) => {
  const { authenticate, operations, now } = parts
  deliverySearchRoutes(app, parts)
  app.route({
    method: 'GET',
    url: '/v1/messages/:id',
    schema: {
      operationId: 'showMessage',
      summary: 'A message, its deliveries, and what happened to each',
      tags: ['messages'],
      ...needs('messages:read'),
      params: Named,
      response: { 200: MessageShown },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'messages:read')
      return messageShown(await ownMessage(operations, organization, request.params.id))
    },
  })

  explainRoute(app, { authenticate, operations, now })
  changeRoutes(app, { authenticate, operations })
}

const Explanation = Type.Object(
  {
    delivery: Type.String(),
    state: State,
    reasons: Type.Array(
      Type.Object({
        what: Type.String(),
        said: Type.String({ description: 'By the receiver; empty when nothing was.' }),
        meaning: Type.String(),
        until: Type.String(),
        change: Type.String({ description: 'What would change it.' }),
        data: Type.Unknown({ description: 'The same as data.' }),
      }),
    ),
  },
  { title: 'Explanation' },
)

type Parts = Pick<Parameters<Routes>[1], 'authenticate' | 'operations' | 'now'>

function explainRoute(app: Parameters<Routes>[0], { authenticate, operations, now }: Parts): void {
  app.route({
    method: 'GET',
    url: '/v1/messages/:id/explanation',
    schema: {
      operationId: 'explainMessage',
      summary: 'Why each delivery waits or what became of it, until when, and what would change it',
      description: 'In Japanese or English, as Accept-Language prefers.',
      tags: ['messages'],
      ...needs('messages:read'),
      params: Named,
      response: { 200: Type.Object({ data: Type.Array(Explanation) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'messages:read')
      const { message } = await ownMessage(operations, organization, request.params.id)
      const explained = await operations.explain({ id: message.id })
      const language = languageOf(request.headers['accept-language'] ?? '') ?? 'en'
      const data = (explained?.deliveries ?? []).map(({ delivery, reasons }) => {
        const name = `${message.id}.${delivery.key.n}`
        const words = { name, now: now() }
        return {
          delivery: name,
          state: delivery.state,
          reasons: reasons.map((reason) => ({ ...tell(reason, language, words), data: reason })),
        }
      })
      return { data }
    },
  })
}

const CHANGES = ['hold', 'release', 'cancel', 'retry'] as const

const SUMMARY = {
  hold: 'Keep what waits of a message from being sent',
  release: 'Let what is held go on',
  cancel: 'Give up what has not been delivered; nobody is told',
  retry: 'Try what waits at once',
} as const

function changeRoutes(app: Parameters<Routes>[0], { authenticate, operations }: Omit<Parts, 'now'>): void {
  for (const change of CHANGES) {
    app.route({
      method: 'POST',
      url: `/v1/messages/:id/${change}`,
      schema: {
        operationId: `${change}Message`,
        summary: SUMMARY[change],
        tags: ['messages'],
        ...needs('messages:write'),
        params: Named,
        response: { 200: Type.Object({ changed: Type.Integer({ description: 'Deliveries.' }) }) },
      },
      async handler(request) {
        const key = await authenticate(request, 'messages:write')
        const { message } = await ownMessage(operations, key.organization, request.params.id)
        const { count } = await operations.change({
          filter: { message: message.id, organization: key.organization },
          change,
          reason: `API key ${key.id}`,
        })
        return { changed: count }
      },
    })
  }
}

/** Another organization's is as if it were not there. @throws {Problem} `missing` */
async function ownMessage(
  operations: Pick<Operations, 'message'>,
  organization: string,
  text: string,
): Promise<NonNullable<Awaited<ReturnType<Operations['message']>>>> {
  const id: MessageId | undefined = parseMessageId(text)
  const found = id === undefined ? null : await operations.message({ id })
  if (found === null || found.message.organization !== organization)
    throw new Problem('missing', `There is no message ${text}: it never was, or its record has expired.`)
  return found
}
