/**
 * Makes a message fit a peer that takes only 7-bit lines, or only lines: text and other leaves are encoded, containers
 * relabelled, what is encoded already left alone. A signature over the old octets breaks, so this comes before ours, and
 * is refused inside of what is signed. RFC 6152 §3, RFC 3030 §3
 */

import { base64Encoder, base64Rewrapper, quotedPrintableEncoder } from './encode.ts'
import type { Encoder } from './encode.ts'
import { asBuffer, field } from './header.ts'
import { LONGEST_LINE, feeder } from './mime.ts'
import { Walk, isIdentity, isSealed } from './walk.ts'
import type { Entity, MimeLimits } from './walk.ts'

/** `8bit`: lines of at most 998 octets in CRLF, no NUL. `7bit`: of ASCII moreover. RFC 2045 §2.7, §2.8 */
export type Target = '7bit' | '8bit'

/** What is put in the place of octets `start` to `end` of the message. */
export type Edit = { readonly start: number; readonly end: number; readonly by: Buffer | Rewriting }

type Rewriting = 'base64' | 'quoted-printable' | 'base64 again' | 'quoted-printable again'

export type Repair =
  | { readonly kind: 'none' }
  | { readonly kind: 'possible'; readonly edits: readonly Edit[] }
  /** The enhanced status code to bounce with; `why` is a phrase for the DSN and the log. */
  | { readonly kind: 'impossible'; readonly enhanced: '5.6.3' | '5.6.9'; readonly why: string }

type Stats = {
  octets: number
  high: number
  /** Not lines: too long, a bare CR or LF, NUL. */
  unlined: boolean
  column: number
  afterCr: boolean
}

type Seen = { readonly entity: Entity; readonly stats: Stats }

const CR = 13
const LF = 10

/** What has to be done to `message`, which is whole, to fit `target`. */
export function planRepair(message: Uint8Array, target: Target, limits: MimeLimits): Repair {
  const planner = repairPlanner(target, limits)
  planner.write(message)
  return planner.end()
}

export type RepairPlanner = { write(chunk: Uint8Array): void; end(): Repair }

/** For a message in chunks, which then come a second time, to `repairer`. */
export function repairPlanner(target: Target, limits: MimeLimits): RepairPlanner {
  const seen = new Map<Entity, Seen>()
  const utf8 = utf8Check()
  const whole = noStats()
  const walk = new Walk(limits, {
    entity: (entity) => void seen.set(entity, { entity, stats: noStats() }),
    octets(entity, data) {
      const owner = seen.get(entity)
      if (owner === undefined) return
      measure(owner.stats, data)
      if (entity.depth === 0) utf8.write(data)
    },
  })
  const feed = feeder(walk)
  return {
    write(chunk) {
      measure(whole, chunk)
      feed.write(chunk)
    },
    end() {
      feed.end()
      if (walk.stopped !== undefined)
        return fits(whole, target) ? { kind: 'none' } : impossible('its structure is too deep or too large')
      // RFC 1428 §3: the charset of a message that says nothing of itself.
      return plan(seen.values(), target, utf8.valid() ? 'utf-8' : 'unknown-8bit')
    },
  }
}

function noStats(): Stats {
  return { octets: 0, high: 0, unlined: false, column: 0, afterCr: false }
}

function measure(stats: Stats, data: Uint8Array): void {
  let { column, afterCr, unlined, high } = stats
  for (const octet of data) {
    if (afterCr !== (octet === LF) || octet === 0 || column > LONGEST_LINE) unlined = true
    afterCr = octet === CR
    if (octet === LF) column = 0
    else if (!afterCr) column += 1
    if (octet > 127) high += 1
  }
  Object.assign(stats, { column, afterCr, unlined, high, octets: stats.octets + data.length })
}

/** Whether the octets are 7bit or 8bit data as RFC 2045 §2 has them. */
export function isData(bytes: Uint8Array, target: Target): boolean {
  const stats = noStats()
  measure(stats, bytes)
  return fits(stats, target)
}

function fits(stats: Stats, target: Target): boolean {
  if (stats.unlined || stats.afterCr || stats.column > LONGEST_LINE) return false
  return target === '8bit' || stats.high === 0
}

type Utf8Check = { write(data: Uint8Array): void; valid(): boolean }

function utf8Check(): Utf8Check {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let valid = true
  const decode = (data?: Uint8Array): void => {
    if (!valid) return
    try {
      decoder.decode(data, { stream: data !== undefined })
    } catch {
      valid = false
    }
  }
  return {
    write: decode,
    valid() {
      decode()
      return valid
    },
  }
}

type Impossible = Extract<Repair, { kind: 'impossible' }>

function impossible(why: string, enhanced: Impossible['enhanced'] = '5.6.3'): Impossible {
  return { kind: 'impossible', enhanced, why }
}

function plan(seen: Iterable<Seen>, target: Target, charset: string): Repair {
  const edits: Edit[] = []
  for (const each of seen) {
    const own = repairEntity(each, target, charset)
    if ('kind' in own) return own
    edits.push(...own)
  }
  return edits.length === 0 ? { kind: 'none' } : { kind: 'possible', edits }
}

function repairEntity(
  { entity, stats }: Seen,
  target: Target,
  charset: string,
): readonly Edit[] | Impossible {
  const header = noStats()
  measure(header, entity.header.bytes)
  // RFC 6531 §3.4: what needs SMTPUTF8 cannot be made to need it less.
  if (target === '7bit' && header.high > 0)
    return impossible('its header has characters outside of ASCII', '5.6.9')
  if (!fits(header, target)) return impossible('its header has lines that are too long or not lines')
  const fit = fits(stats, target)
  if (isSealed(entity)) return fit ? [] : impossible('a part of it is signed or encrypted')
  if (fit) return relabel(entity, target)
  const by = rewriting(entity, stats)
  if (by === undefined) return impossible(`its part of type ${entity.type.type} may not be encoded`)
  const body = { start: entity.body, end: entity.end, by }
  if (!isIdentity(entity.encoding)) return [body]
  const rewritten = rewriteHeader(entity, by, charset)
  return rewritten === undefined ? impossible('the header of a part of it cannot be read') : [rewritten, body]
}

/** The label of what fits already, containers above all. RFC 2045 §6.4 */
function relabel(entity: Entity, target: Target): readonly Edit[] {
  const right = entity.encoding !== 'binary' && (entity.encoding !== '8bit' || target === '8bit')
  const rewritten = right ? undefined : rewriteHeader(entity, target)
  return rewritten === undefined ? [] : [rewritten]
}

function rewriting({ kind, type, encoding }: Entity, stats: Stats): Rewriting | undefined {
  if (kind !== 'leaf') return undefined
  if (encoding === 'base64' || encoding === 'quoted-printable') return `${encoding} again`
  // RFC 2045 §6.4: composite types have no encoding; RFC 6532 §3.7 excepts message/global.
  const composite = type.type.startsWith('message/') || type.type.startsWith('multipart/')
  if (!isIdentity(encoding) || (composite && !type.type.startsWith('message/global'))) return undefined
  // Where the one in six octets is passed, base64 is the shorter one; and nobody reads either.
  return type.type.startsWith('text/') && stats.high * 6 <= stats.octets ? 'quoted-printable' : 'base64'
}

/** The header section with another Content-Transfer-Encoding; `undefined` when lines of it are no fields. */
export function rewriteHeader(
  { header, start, body, depth, type }: Entity,
  encoding: string,
  charset?: string,
): Edit | undefined {
  if (header.body !== header.bytes.length) return undefined
  const pieces: Buffer[] = []
  let from = 0
  for (const { name, start: first, end } of header.fields) {
    if (name !== 'content-transfer-encoding') continue
    pieces.push(header.bytes.subarray(from, first))
    from = end
  }
  pieces.push(header.bytes.subarray(from, header.end))
  const version = depth === 0 && field(header, 'mime-version') === undefined ? 'MIME-Version: 1.0\r\n' : ''
  const unsaid = charset !== undefined && depth === 0 && field(header, 'content-type') === undefined
  const contentType = unsaid ? `Content-Type: ${type.type}; charset=${charset}\r\n` : ''
  pieces.push(Buffer.from(`${version}${contentType}Content-Transfer-Encoding: ${encoding}\r\n`))
  pieces.push(header.bytes.subarray(header.end))
  return { start, end: body, by: Buffer.concat(pieces) }
}

/** The message as planned. */
export function repaired(message: Uint8Array, edits: readonly Edit[]): Buffer {
  const encoder = repairer(edits)
  const [all, rest] = [encoder.write(message), encoder.end()]
  return rest.length === 0 ? all : Buffer.concat([all, rest])
}

/** Takes the message in the same octets as the planner did, cut in any way. */
export function repairer(edits: readonly Edit[]): Encoder {
  /** Offset in the message of the next octet. */
  let at = 0
  let next = 0
  let encoder: Encoder | undefined
  const step = (data: Buffer, out: Buffer[]): number => {
    const edit = edits[next]
    if (edit === undefined || at < edit.start) {
      const size = Math.min(data.length, (edit?.start ?? Infinity) - at)
      out.push(data.subarray(0, size))
      return size
    }
    encoder ??= encoderOf(edit)
    const size = Math.min(data.length, edit.end - at)
    out.push(encoder.write(data.subarray(0, size)))
    if (at + size === edit.end) {
      out.push(encoder.end())
      encoder = undefined
      next += 1
    }
    return size
  }
  return {
    write(chunk) {
      const out: Buffer[] = []
      let data = asBuffer(chunk)
      while (data.length > 0) {
        const size = step(data, out)
        at += size
        data = data.subarray(size)
      }
      return Buffer.concat(out)
    },
    end() {
      // What is put behind the last octet.
      const out: Buffer[] = []
      while (edits[next]?.start === at && edits[next]?.end === at) step(Buffer.alloc(0), out)
      return Buffer.concat(out)
    },
  }
}

function encoderOf({ by }: Edit): Encoder {
  switch (by) {
    case 'base64':
      return base64Encoder()
    case 'base64 again':
      return base64Rewrapper()
    case 'quoted-printable':
      return quotedPrintableEncoder()
    case 'quoted-printable again':
      return quotedPrintableEncoder(true)
    default:
      return { write: () => Buffer.alloc(0), end: () => by }
  }
}
