/** The fields of message/delivery-status and its international sister, as they are met. RFC 3464 §2, RFC 6533 §4 */

import { READ_LIMITS } from './entity.ts'
import type { Fields } from './entity.ts'

/** `groups` are of one recipient each; `message` is what is said of all of them. */
export type StatusFields = { readonly message: Fields; readonly groups: readonly Fields[] }

/** Recipients of one report that are looked at. */
export const RECIPIENT_LIMIT = 100

const OF_A_RECIPIENT = new Set([
  'final-recipient',
  'original-recipient',
  'x-actual-recipient',
  'action',
  'status',
  'diagnostic-code',
])

const NAMES_A_RECIPIENT = ['final-recipient', 'original-recipient']

const FIELD = /^([!-9;-~]{1,60})[ \t]*:[ \t]*(.*)$/

/**
 * Groups ought to be separated by empty lines. Here a group also begins where one field comes a second time, and fields
 * after a stray empty line are joined to the group that still misses them.
 */
export function readStatusFields(text: string): StatusFields {
  const message = new Map<string, string[]>()
  const groups: Map<string, string[]>[] = []
  let group: Map<string, string[]> | undefined
  let last: string[] | undefined
  let gap = false
  for (const line of text.split('\n').slice(0, READ_LIMITS.fields)) {
    const found = line.startsWith(' ') || line.startsWith('\t') ? null : FIELD.exec(line)
    if (line.trim() === '') gap = true
    else if (found === null) append(last, line)
    else {
      const name = (found[1] ?? '').toLowerCase()
      if (OF_A_RECIPIENT.has(name) && startsAnother(group, name, gap)) groups.push((group = new Map()))
      last = put(group ?? message, name, found[2] ?? '')
      gap = false
    }
    if (groups.length > RECIPIENT_LIMIT) break
  }
  return { message, groups: groups.slice(0, RECIPIENT_LIMIT) }
}

function startsAnother(group: Fields | undefined, name: string, gap: boolean): boolean {
  if (group === undefined) return true
  if (NAMES_A_RECIPIENT.includes(name))
    return group.has(name) || (gap && group.has('action') && hasName(group))
  return group.has(name)
}

function hasName(group: Fields): boolean {
  return NAMES_A_RECIPIENT.some((name) => group.has(name))
}

function put(fields: Map<string, string[]>, name: string, text: string): string[] {
  const values = fields.getOrInsert(name, [])
  values.push(text.trim())
  return values
}

function append(values: string[] | undefined, line: string): void {
  values?.push(`${values.pop() ?? ''} ${line.trim()}`)
}

/** Without the type before the semicolon: `rfc822;a@example.com`, `<a@example.com>`, `utf-8; …`. RFC 3464 §2.3.1 */
export function addressOf(text: string): string {
  const typed = /^\s*[\w-]{1,20}\s*;(.*)$/.exec(text)?.[1] ?? text
  const bracketed = /<([^<>]{1,320})>/.exec(typed)?.[1]
  const plain = bracketed ?? typed.replace(/\s\([^)]*\)\s*$/, '')
  return unescaped(plain.trim().replace(/^["']|["',;:.]+$/g, ''))
}

/** `\x{1F600}` stands for a character. RFC 6533 §3 */
function unescaped(address: string): string {
  if (!address.includes('\\x{')) return address
  return address.replace(/\\x\{([0-9a-f]{2,6})\}/gi, (whole, hex: string) => {
    const point = Number.parseInt(hex, 16)
    return point > 0x10ffff ? whole : String.fromCodePoint(point)
  })
}

/** The name of a host, without the type before it and what is said after it. */
export function hostOf(text: string): string {
  const typed = /^\s*[\w-]{1,20}\s*;(.*)$/.exec(text)?.[1] ?? text
  return (typed.trim().split(/[\s(]/, 1)[0] ?? '').toLowerCase()
}
