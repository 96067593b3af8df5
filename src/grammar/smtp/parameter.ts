/** The parameters of MAIL and RCPT as keywords and values, before anyone says what they mean. RFC 5321 §4.1.2 */

import type { CommandContext } from './command-context.ts'
import type { Extension } from './extension.ts'
import { reply } from './reply.ts'
import type { Reply } from './reply.ts'

const KEYWORD = /^[A-Za-z0-9][A-Za-z0-9-]*$/
// RFC 6531 §3.3 adds UTF8-non-ascii to esmtp-value.
const VALUE = /^[!-<>-~\x80-\u{10ffff}]+$/u

/** Reads one parameter into `draft`; what it returns refuses the command. */
export type ReadParameter<Draft> = (
  value: string | undefined,
  draft: Draft,
  context: CommandContext,
) => Reply | undefined

export type ParameterTable<Draft> = ReadonlyMap<
  string,
  { readonly of: Extension; readonly read: ReadParameter<Draft> }
>

/**
 * Reads what follows the path, spaces at the end tolerated (RFC 5321 §4.1.1), into `draft`. Returns the reply
 * that refuses the command, or `undefined`.
 */
export function readParameters<Draft>(
  text: string,
  table: ParameterTable<Draft>,
  draft: Draft,
  context: CommandContext,
): Reply | undefined {
  if (text === '') return undefined
  if (!text.startsWith(' ')) return syntax('a space after the path')
  const seen = new Set<string>()
  for (const parameter of text.split(' ')) {
    if (parameter === '') continue
    const { keyword, value } = splitParameter(parameter)
    if (keyword === undefined) return syntax('keyword=value')
    const known = table.get(keyword)
    // RFC 5321 §4.1.1.11: 555 for what is not recognised or not implemented.
    if (known === undefined || !context.offered.has(known.of)) return notOffered()
    // Two readers of the same line would take two different values.
    if (seen.has(keyword)) return syntax(`${keyword} once`)
    seen.add(keyword)
    const refusal = known.read(value, draft, context)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function splitParameter(parameter: string): { keyword?: string; value: string | undefined } {
  const equals = parameter.indexOf('=')
  const keyword = equals === -1 ? parameter : parameter.slice(0, equals)
  const value = equals === -1 ? undefined : parameter.slice(equals + 1)
  const isWellFormed = KEYWORD.test(keyword) && (value === undefined || VALUE.test(value))
  return isWellFormed ? { keyword: keyword.toUpperCase(), value } : { value }
}

export function syntax(expected: string): Reply {
  return reply(501, '5.5.4', `Expected ${expected}`)
}

export function notOffered(): Reply {
  return reply(555, '5.5.4', 'Parameter not recognised or not offered')
}
