/**
 * The one file of a zip archive, still packed: as much of the format as those who send reports use. Not several files,
 * encryption, archives in parts, nor files beyond 4 GiB. APPNOTE.TXT of PKWARE, §4.3
 */

export type ZippedFile = {
  readonly method: 'stored' | 'deflated'
  readonly data: Buffer
  /** Octets when unpacked, as the archive says: not to be believed. */
  readonly size: number
  readonly crc32: number
}

export type ReadZip =
  | { readonly ok: true; readonly file: ZippedFile }
  /** In words for the operator. */
  | { readonly ok: false; readonly why: string }

const END = { signature: 0x06_05_4b_50, size: 22, comment: 65_535 } as const
const CENTRAL = { signature: 0x02_01_4b_50, size: 46 } as const
const LOCAL = { signature: 0x04_03_4b_50, size: 30 } as const

/** Entries of the directory that are looked at: directories may stand beside the file. */
const ENTRIES = 10

/** APPNOTE.TXT §4.4.4: bit 0, encrypted. */
const ENCRYPTED = 1

export function isZip(bytes: Buffer): boolean {
  return bytes.length >= LOCAL.size && bytes.readUInt32LE(0) === LOCAL.signature
}

/** Believes the directory at the end, and the local header only for where the data begins. */
export function readZip(bytes: Buffer): ReadZip {
  const end = endOfDirectory(bytes)
  if (end === undefined) return bad('the zip archive has no end')
  const count = bytes.readUInt16LE(end + 10)
  const start = bytes.readUInt32LE(end + 16)
  if (bytes.readUInt16LE(end + 4) !== 0 || count > ENTRIES)
    return bad('the zip archive has many files or parts')
  const files: Entry[] = []
  for (let at = start, i = 0; i < count; i += 1) {
    const entry = entryAt(bytes, at, end)
    if (entry === undefined) return bad('the directory of the zip archive is damaged')
    if (!entry.isDirectory) files.push(entry)
    at = entry.next
  }
  const [file, another] = files
  if (file === undefined || another !== undefined)
    return bad(`the zip archive has ${files.length} files, not one`)
  return dataOf(bytes, file)
}

type Entry = {
  readonly isDirectory: boolean
  readonly flags: number
  readonly method: number
  readonly crc32: number
  readonly packed: number
  readonly size: number
  readonly local: number
  readonly next: number
}

function endOfDirectory(bytes: Buffer): number | undefined {
  const last = bytes.length - END.size
  for (let at = last; at >= 0 && at >= last - END.comment; at -= 1) {
    // The comment ends with the file, so that no comment is taken for the end.
    if (bytes.readUInt32LE(at) === END.signature && bytes.readUInt16LE(at + 20) === last - at) return at
  }
  return undefined
}

function entryAt(bytes: Buffer, at: number, end: number): Entry | undefined {
  if (at + CENTRAL.size > end || bytes.readUInt32LE(at) !== CENTRAL.signature) return undefined
  const name = bytes.readUInt16LE(at + 28)
  const next = at + CENTRAL.size + name + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  if (next > end) return undefined
  return {
    isDirectory: name > 0 && bytes[at + CENTRAL.size + name - 1] === SLASH,
    flags: bytes.readUInt16LE(at + 8),
    method: bytes.readUInt16LE(at + 10),
    crc32: bytes.readUInt32LE(at + 16),
    packed: bytes.readUInt32LE(at + 20),
    size: bytes.readUInt32LE(at + 24),
    local: bytes.readUInt32LE(at + 42),
    next,
  }
}

const SLASH = 0x2f

function dataOf(bytes: Buffer, { flags, method, crc32, packed, size, local }: Entry): ReadZip {
  if ((flags & ENCRYPTED) !== 0) return bad('the zip archive is encrypted')
  if (method !== 0 && method !== 8) return bad(`the zip archive is packed by method ${method}`)
  if (local + LOCAL.size > bytes.length || bytes.readUInt32LE(local) !== LOCAL.signature)
    return bad('the zip archive is damaged')
  const start = local + LOCAL.size + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  if (start + packed > bytes.length) return bad('the zip archive is damaged')
  const data = bytes.subarray(start, start + packed)
  return { ok: true, file: { method: method === 0 ? 'stored' : 'deflated', data, size, crc32 } }
}

function bad(why: string): ReadZip {
  return { ok: false, why }
}
