/** What a sender tells its mail apart by, and where a message may say so. How much of it is kept is not decided here. */

import { field } from './header.ts'
import type { Header } from './header.ts'
import { displayValue } from './value.ts'

/** One tag a field, as often as there are tags. In lower case, as parsed headers have names. */
export const TAG_FIELD = 'x-hikyaku-tag'

/** `name=value` in each. */
export const METADATA_FIELD = 'x-hikyaku-metadata'

export type Labels = {
  /** Each once, in the order in which they were said. */
  readonly tags: readonly string[]
  /** `undefined` when a field is no `name=value`. */
  readonly metadata: ReadonlyMap<string, string> | undefined
}

/** Characters of a field that are read: more than any limit of what is kept. */
const READ = 12_000

const NONE: Labels = { tags: [], metadata: new Map() }

export function labelsOf(header: Header): Labels {
  // Most mail has none, and the first of each is found without a list.
  if (field(header, TAG_FIELD) === undefined && field(header, METADATA_FIELD) === undefined) return NONE
  const tags = new Set(valuesOf(header, TAG_FIELD).filter((tag) => tag !== ''))
  return { tags: [...tags], metadata: metadataOf(valuesOf(header, METADATA_FIELD)) }
}

function valuesOf(header: Header, name: string): readonly string[] {
  return header.fields.filter((one) => one.name === name).map((one) => displayValue(header, one, READ).trim())
}

function metadataOf(values: readonly string[]): Labels['metadata'] {
  const metadata = new Map<string, string>()
  for (const text of values) {
    const end = text.indexOf('=')
    if (end <= 0) return undefined
    metadata.set(text.slice(0, end).trim(), text.slice(end + 1).trim())
  }
  return metadata
}
