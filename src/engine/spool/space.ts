/** Whether the file system of the spool has room for more: octets and inodes. Not whether the store can be written. */

import { statfs } from 'node:fs/promises'

export type Space = { readonly ok: boolean; readonly why?: string }

/** The fields of statfs(2) that are looked at; file systems without inodes say 0 `files`. */
export type FileSystem = {
  readonly blocks: number
  readonly bavail: number
  readonly files: number
  readonly ffree: number
}

/** Room is short when less than `share` (0–1) of the octets or of the inodes is free. A check that fails says so too. */
export async function checkSpace(share: number, measure: () => Promise<FileSystem>): Promise<Space> {
  try {
    const { blocks, bavail, files, ffree } = await measure()
    if (bavail < blocks * share) return { ok: false, why: `${percent(bavail, blocks)} of the disk is free` }
    if (files > 0 && ffree < files * share)
      return { ok: false, why: `${percent(ffree, files)} of the inodes are free` }
    return { ok: true }
  } catch (error) {
    return { ok: false, why: `the file system does not answer: ${String(error)}` }
  }
}

export function measureDirectory(directory: string): () => Promise<FileSystem> {
  return () => statfs(directory)
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`
}
