/** From a request in SendGrid's words to messages of ours, one for each personalization. Nothing is sent here. */

import { letterOf } from './composition.ts'
import type { Circumstances, Letter, WholeRequest } from './composition.ts'
import { labelsOf } from './label.ts'
import type { Given } from './label.ts'
import type { MessageRequest } from './message-schema.ts'
import { isSubject, replacer } from './placeholder.ts'
import { invalidAt, Problem } from './problem.ts'
import type { Place } from './problem.ts'
import { TEXTS } from './sendgrid-schema.ts'
import type { Personalization, SendGridRequest } from './sendgrid-schema.ts'
import { holdUntilOf } from './submission.ts'
import type { Labels } from './submission.ts'

export type SendGridLetter = Letter & {
  readonly holdUntil?: number
  readonly labels?: Labels
}

/** @throws {Problem} `invalid`, its places in the request of SendGrid */
export function sendGridLetters(
  request: SendGridRequest,
  circumstances: () => Circumstances,
): readonly SendGridLetter[] {
  return request.personalizations.map((personalization, n) => {
    const at = `#/personalizations/${n}`
    limited(personalization, at)
    const letter = toldThere(at, () => letterOf(ours(request, personalization, at), circumstances()))
    const { now } = circumstances()
    const [due, place] =
      personalization.send_at === undefined
        ? [request.send_at, '#/send_at']
        : [personalization.send_at, `${at}/send_at`]
    const holdUntil = due === undefined ? undefined : holdUntilOf(due * 1000, now, place)
    return {
      ...letter,
      ...(holdUntil !== undefined && { holdUntil }),
      ...labelsOf(
        {
          tags: request.categories,
          metadata: argumentsOf(request, personalization),
          tracking: trackingOf(request),
        },
        `${at}/custom_args`,
      ),
    }
  })
}

/** What is said of neither is as the stream has it. */
function trackingOf({ tracking_settings: settings }: SendGridRequest): Given['tracking'] {
  const opens = settings?.open_tracking?.enable
  const clicks = settings?.click_tracking?.enable
  if (opens === undefined && clicks === undefined) return undefined
  return { ...(opens !== undefined && { opens }), ...(clicks !== undefined && { clicks }) }
}

function ours(request: SendGridRequest, one: Personalization, at: string): WholeRequest {
  const { from, content, headers } = request
  const replaced = replacer(new Map(Object.entries(one.substitutions ?? {})))
  const [text, html] = ['text/plain', 'text/html'].map((type) => contentOf(content, type))
  return {
    from: one.from ?? from,
    to: one.to,
    cc: one.cc ?? [],
    bcc: one.bcc ?? [],
    reply_to: repliesOf(request),
    subject: subjectOf(one.subject ?? request.subject, replaced, at),
    headers: { ...headers, ...one.headers },
    attachments: (request.attachments ?? []).map(attachment),
    ...(text !== undefined && { text: replaced(text) }),
    ...(html !== undefined && { html: replaced(html) }),
  }
}

function repliesOf({
  reply_to: one,
  reply_to_list: list,
}: SendGridRequest): NonNullable<SendGridRequest['reply_to_list']> {
  if (one !== undefined && list !== undefined)
    throw invalidAt('#/reply_to_list', 'reply_to and reply_to_list exclude each other.')
  return list ?? (one === undefined ? [] : [one])
}

function subjectOf(subject: string | undefined, replaced: (text: string) => string, at: string): string {
  if (subject === undefined) throw invalidAt('#/subject', 'The subject is required.')
  const text = replaced(subject)
  if (!isSubject(text)) throw invalidAt(`${at}/substitutions`, 'The subject would no longer be one line.')
  return text
}

/** @throws {Problem} `invalid` when there are two of the type */
function contentOf(content: SendGridRequest['content'], type: string): string | undefined {
  const [first, second] = content.filter((one) => one.type === type)
  if (second !== undefined) throw invalidAt('#/content', `There are two contents of the type ${type}.`)
  return first?.value
}

type Attachment = NonNullable<SendGridRequest['attachments']>[number]

function attachment({
  content,
  filename,
  type,
  disposition,
  content_id: contentId,
}: Attachment): NonNullable<MessageRequest['attachments']>[number] {
  return {
    name: filename,
    content,
    ...(type !== undefined && { type }),
    ...(disposition === 'inline' && { content_id: contentId ?? filename.replaceAll(/[^\w.@-]/g, '-') }),
  }
}

function limited({ substitutions, custom_args: args }: Personalization, at: string): void {
  for (const [name, texts] of Object.entries({ substitutions, custom_args: args }))
    if (texts !== undefined && Buffer.byteLength(JSON.stringify(texts)) > TEXTS)
      throw invalidAt(`${at}/${name}`, `There may be ${TEXTS} bytes of ${name} at most.`)
}

/** Those of the personalization before those of all. */
function argumentsOf(
  { custom_args: args }: SendGridRequest,
  { custom_args: own }: Personalization,
): Personalization['custom_args'] {
  return args === undefined && own === undefined ? undefined : { ...args, ...own }
}

const OF_EACH = /^#\/(?:to|cc|bcc)(?:\/|$)/

/** A place in our request is told as the place in theirs. */
function toldThere<T>(at: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const places = error.places.map(({ pointer, detail }): Place => ({
      pointer: OF_EACH.test(pointer) ? at + pointer.slice(1) : pointer,
      detail,
    }))
    throw new Problem(error.code, error.message, { places })
  }
}
