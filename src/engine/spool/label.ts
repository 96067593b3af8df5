/** What a sender says about its message to find it by: how much of it is kept. */

import type { Message } from './message.ts'

/** Tags of a message: how many, and characters of each. */
export const TAGS = { count: 10, length: 255 } as const

/** Metadata of a message: how many names, characters of each, and octets of all as JSON. */
export const METADATA = { count: 100, name: 100, octets: 10_000 } as const

/** What is wrong with them, in words for the sender; `undefined` when nothing is. */
export function labelFault({
  tags = [],
  metadata = {},
}: Pick<Message, 'tags' | 'metadata'>): string | undefined {
  return tagFault(tags) ?? metadataFault(metadata)
}

function tagFault(tags: readonly string[]): string | undefined {
  if (tags.length > TAGS.count) return `a message has ${TAGS.count} tags at most`
  if (tags.some((tag) => tag === '' || tag.length > TAGS.length))
    return `a tag has 1 to ${TAGS.length} characters`
  return undefined
}

function metadataFault(metadata: NonNullable<Message['metadata']>): string | undefined {
  const names = Object.keys(metadata)
  if (names.length > METADATA.count) return `metadata has ${METADATA.count} names at most`
  if (names.some((name) => name === '' || name.length > METADATA.name))
    return `a name in metadata has 1 to ${METADATA.name} characters`
  if (Buffer.byteLength(JSON.stringify(metadata)) > METADATA.octets)
    return `metadata has ${METADATA.octets} octets at most`
  return undefined
}
