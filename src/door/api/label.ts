/** Tags and metadata of a request, as they are kept. */

import { labelFault } from '#engine/spool'

import { invalidAt } from './problem.ts'
import type { Labels } from './submission.ts'

export type Given = {
  readonly tags?: readonly string[] | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** @throws {Problem} `invalid` for what no schema tells: `pointer` is the place of metadata */
export function labelsOf({ tags, metadata }: Given, pointer = '#/metadata'): { readonly labels?: Labels } {
  if (tags === undefined && metadata === undefined) return {}
  const labels: Labels = {
    ...(tags !== undefined && { tags: [...new Set(tags)] }),
    ...(metadata !== undefined && { metadata }),
  }
  const fault = labelFault(labels)
  if (fault !== undefined) throw invalidAt(pointer, fault)
  return { labels }
}
