/** The local part of an address: read with or without quotes, written with quotes only where they are needed. RFC 5321 §4.1.2 */

import type { AddressRules } from './rules.ts'

/** Octets, as written. RFC 5321 §4.5.3.1.1 */
const LOCAL_OCTETS = 64

// atext and the dot between atoms; whatever is not ASCII is UTF8-non-ascii, RFC 6531 §3.3.
const ATOMS_AND_DOTS = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\\x80-\\uffff-]+"
const UNQUOTED = new RegExp(ATOMS_AND_DOTS, 'y')
const ONLY_UNQUOTED = new RegExp(`^${ATOMS_AND_DOTS}$`)
const EMPTY_ATOM = /^\.|\.\.|\.$/
// Control characters of C1 and the separators of lines and of bidirectional text: unseen by those who read the address.
const INVISIBLE = /[\x80-\x9f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/u
const NOT_ASCII = /[^\0-\x7f]/
const TO_ESCAPE = /["\\]/g

export type LocalPart =
  | { readonly ok: true; readonly local: string; readonly end: number }
  | { readonly ok: false; readonly expected: string; readonly needs?: 'SMTPUTF8' }

/** Reads at `from`; `end` is the offset of what follows. `local` is without quotes and escapes. */
export function parseLocalPart(text: string, from: number, rules: AddressRules): LocalPart {
  const read = text[from] === '"' ? quotedString(text, from + 1) : dotString(text, from, rules)
  return read.ok ? judge(read, rules) : read
}

/** As it is written in a path or an address: in quotes when it is not a dot-string. */
export function formatLocalPart(local: string): string {
  return ONLY_UNQUOTED.test(local) && !EMPTY_ATOM.test(local)
    ? local
    : `"${local.replace(TO_ESCAPE, '\\$&')}"`
}

function dotString(text: string, from: number, rules: AddressRules): LocalPart {
  UNQUOTED.lastIndex = from
  const local = UNQUOTED.exec(text)?.[0]
  if (local === undefined || local.startsWith('.')) return { ok: false, expected: 'local-part' }
  // Where it depends on the domain, whoever reads that asks `hasEmptyAtom`.
  if ((rules.looseDots ?? false) === false && EMPTY_ATOM.test(local))
    return { ok: false, expected: 'local-part without empty atoms' }
  return { ok: true, local, end: from + local.length }
}

/** Whether an unquoted local part has dots where RFC 5321 §4.1.2 has none. */
export function hasEmptyAtom(local: string): boolean {
  return EMPTY_ATOM.test(local)
}

/** The caller has passed the opening quote. One walk, whatever is inside. */
function quotedString(text: string, from: number): LocalPart {
  let local = ''
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at)
    if (char === '"') return { ok: true, local, end: at + 1 }
    if (char === '\\') at += 1
    const content = text.charAt(at)
    // RFC 5321 §4.1.2: qtextSMTP and quoted-pairSMTP are printable ASCII and the space.
    if ((content !== '' && content < ' ') || content === '\x7f')
      return { ok: false, expected: 'printable character in the quoted local-part' }
    local += content
  }
  return { ok: false, expected: 'closing quote of the local-part' }
}

function judge(read: Extract<LocalPart, { ok: true }>, rules: AddressRules): LocalPart {
  const { local } = read
  if (local === '') return { ok: false, expected: 'local-part' }
  if (NOT_ASCII.test(local)) {
    if (rules.smtputf8 !== true) return { ok: false, expected: 'local-part in ASCII', needs: 'SMTPUTF8' }
    if (INVISIBLE.test(local)) return { ok: false, expected: 'visible characters in the local-part' }
  }
  if (Buffer.byteLength(formatLocalPart(local)) > LOCAL_OCTETS)
    return { ok: false, expected: 'local-part of at most 64 octets' }
  const hazard = HAZARDS.find(({ looks, unless }) => looks.test(local) && !(unless?.(rules) ?? false))
  return hazard === undefined ? read : { ok: false, expected: hazard.expected }
}

/**
 * Local parts that are in the grammar and that some receiver takes for something else. None of them is an
 * address that a person was given; a stranger who sends one wants the something else.
 */
const HAZARDS: readonly {
  readonly looks: RegExp
  readonly expected: string
  readonly unless?: (rules: AddressRules) => boolean
}[] = [
  {
    looks: /[%!@]/,
    expected: 'local-part that asks for no further hop',
    unless: (rules) => rules.furtherHop === true,
  },
  // An option of a delivery command.
  { looks: /^-/, expected: 'local-part that does not begin with "-"' },
  // A command, a file.
  { looks: /^[|/]|(?:^|\/)\.\.?(?:\/|$)/, expected: 'local-part that is no command and no file' },
  // An encoded word: what decodes it finds another address inside. RFC 2047 §5 allows none in an address.
  { looks: /^=\?.*\?=$/, expected: 'local-part that is no encoded word' },
]
