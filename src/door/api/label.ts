/** Tags, metadata and tracking switches of a request, as they are kept. */

import { labelFault } from '#engine/spool'

import { invalidAt } from './problem.ts'
import type { Labels } from './submission.ts'

export type Given = {
  readonly tags?: readonly string[] | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly tracking?: { readonly opens?: boolean; readonly clicks?: boolean } | undefined
}

/** @throws {Problem} `invalid` for what no schema tells: `pointer` is the place of metadata */
export function labelsOf(
  { tags, metadata, tracking }: Given,
  pointer = '#/metadata',
): { readonly labels?: Labels } {
  if (tags === undefined && metadata === undefined && tracking === undefined) return {}
  const labels: Labels = {
    ...(tags !== undefined && { tags: [...new Set(tags)] }),
    ...(metadata !== undefined && { metadata }),
    ...(tracking !== undefined && { tracking }),
  }
  const fault = labelFault(labels)
  if (fault !== undefined) throw invalidAt(pointer, fault)
  return { labels }
}
