/** A message that came in, seen whole: its parts, its words, and what of another message came with it. */

import { READ_LIMITS, splitHeader, words } from './entity.ts'
import type { Entity } from './entity.ts'
import { NOTHING_RETURNED, originalIn, originalOf, splitNotice } from './returned-message.ts'
import type { Original } from './returned-message.ts'

export type Located = { readonly entity: Entity; readonly within: number; readonly beside: readonly Entity[] }

/** A message seen whole: each part with how many messages it is in, and what stands beside it. */
export type Seen = {
  readonly message: Entity
  readonly parts: readonly Located[]
  readonly subject: string
  /** Words before the message that came back, and what came back in the text itself. */
  readonly notice: string
  readonly original: Original
}

export function look(message: Entity): Seen {
  const parts: Located[] = []
  collect(message, 0, [message], parts)
  const own = parts.filter(({ within }) => within === 0)
  const { notice, returned } = splitNotice(ownText(own))
  const attached = attachedOriginal(own)
  return {
    message,
    parts,
    subject: words(message.fields, 'subject'),
    notice: notice.slice(0, READ_LIMITS.notice),
    original: attached ?? (returned === '' ? NOTHING_RETURNED : originalIn(returned)),
  }
}

function collect(entity: Entity, within: number, beside: readonly Entity[], parts: Located[]): void {
  parts.push({ entity, within, beside })
  const deeper = entity.type.startsWith('message/') ? within + 1 : within
  for (const part of entity.parts) collect(part, deeper, entity.parts, parts)
}

/** Plain text, or HTML where there is none. Reports are not words. */
export function ownText(own: readonly Located[]): string {
  const leaves = own.map(({ entity }) => entity).filter(({ parts }) => parts.length === 0)
  const plain = leaves.filter(({ type }) => PLAIN.test(type)).map(({ text }) => text)
  const isThere = plain.some((text) => text.trim() !== '')
  const chosen = isThere ? plain : leaves.filter(({ type }) => type === 'text/html').map(({ text }) => text)
  return chosen.join('\n')
}

const PLAIN = /^(?:text\/plain|text\/x-[\w-]+|text|text\/enriched|text\/english|multipart\/[\w-]+|)$/

const HEADERS_ONLY = new Set([
  'text/rfc822-headers',
  'text/rfc822-header',
  'message/global-headers',
  'message/rfc822-headers',
])

export function attachedOriginal(beside: readonly Located[]): Original | undefined {
  for (const { entity } of beside) {
    const [inner] = entity.parts
    if (entity.type.startsWith('message/') && inner !== undefined) return originalOf(inner.fields)
    if (HEADERS_ONLY.has(entity.type)) return originalOf(splitHeader(entity.text.trimStart()).fields)
  }
  return undefined
}
