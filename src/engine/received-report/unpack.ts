/** What is in a file that somebody attached: as it is, by gzip, or alone in a zip archive; never more than so much. */

import { crc32, gunzipSync, inflateRawSync } from 'node:zlib'

import { isZip, readZip } from '#grammar/report'

export type Unpacked =
  | { readonly ok: true; readonly bytes: Buffer }
  /** In words for the operator. */
  | { readonly ok: false; readonly why: string }

/** Octets when unpacked: 4 KiB can become 4 MiB, and 10 MiB could become 10 GiB. */
export const MOST_UNPACKED = 4 * 1024 * 1024

const LIMIT = { maxOutputLength: MOST_UNPACKED } as const

/** Once: what is packed in it stays packed. */
export function unpack(file: Buffer): Unpacked {
  if (file[0] === 0x1f && file[1] === 0x8b) return bounded(() => gunzipSync(file, LIMIT))
  if (isZip(file)) return unzip(file)
  return file.length > MOST_UNPACKED ? tooLarge() : { ok: true, bytes: file }
}

function unzip(archive: Buffer): Unpacked {
  const read = readZip(archive)
  if (!read.ok) return read
  const { method, data, crc32: expected, size } = read.file
  const unpacked =
    method === 'deflated'
      ? bounded(() => inflateRawSync(data, LIMIT))
      : data.length > MOST_UNPACKED
        ? tooLarge()
        : ({ ok: true, bytes: data } as const)
  if (!unpacked.ok) return unpacked
  const isWhole = unpacked.bytes.length === size && crc32(unpacked.bytes) === expected
  return isWhole ? unpacked : { ok: false, why: 'damaged: its checksum differs' }
}

function bounded(inflate: () => Buffer): Unpacked {
  try {
    return { ok: true, bytes: inflate() }
  } catch (error) {
    const isBomb = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return isBomb ? tooLarge() : { ok: false, why: 'damaged: it cannot be unpacked' }
  }
}

function tooLarge(): Unpacked {
  return { ok: false, why: `more than ${MOST_UNPACKED} octets when unpacked` }
}
