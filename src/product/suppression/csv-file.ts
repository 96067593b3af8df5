/** Lists of recipients as CSV, which spreadsheets and the services that people come from write. */

import type { parse } from 'csv-parse/sync'

import { REASONS, SuppressionError } from './suppression.ts'
import type { SuppressionReason } from './suppression.ts'
import type { NewSuppression } from './suppressions.ts'

/** What lines that say nothing else mean. */
export type FileDefaults = {
  readonly organization: string
  readonly stream: string
  readonly reason: SuppressionReason
}

/** @throws {SuppressionError} `malformed`, with every line that is wrong */
export async function readSuppressionFile(
  content: Uint8Array,
  defaults: FileDefaults,
): Promise<readonly NewSuppression[]> {
  // Only here: few who know suppressions read files.
  const csv = await import('csv-parse/sync')
  const lines = parsed(csv.parse, content)
  const rows = lines.map((line) => rowOf(line, defaults))
  const wrong = rows.flatMap((row, i) => (row.address.includes('@') ? [] : [`line ${i + 2}: no address`]))
  if (wrong.length === 0) return rows
  const more = wrong.length > MOST_MISTAKES ? `\n… and ${wrong.length - MOST_MISTAKES} more` : ''
  throw new SuppressionError('malformed', `${wrong.slice(0, MOST_MISTAKES).join('\n')}${more}`)
}

const MOST_MISTAKES = 20

type Line = { readonly [column: string]: string | undefined }

function parsed(parseCsv: typeof parse, content: Uint8Array): readonly Line[] {
  try {
    return parseCsv(Buffer.from(content), {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      columns: (header: string[]) => header.map((name) => name.toLowerCase()),
    })
  } catch (cause) {
    throw new SuppressionError(
      'malformed',
      `it is not CSV: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    )
  }
}

/** Names as we write them, and as SendGrid, SES and Mailgun do. */
function rowOf(line: Line, options: FileDefaults): NewSuppression {
  const createdAt = instantOf(line['created_at'] ?? line['created'] ?? line['lastupdatetime'])
  const expiresAt = instantOf(line['expires_at'])
  const reason = REASONS.find((one) => one === line['reason']?.toLowerCase())
  const text = [line['evidence'], line['error'], line['status'], reason === undefined ? line['reason'] : '']
  return {
    organization: options.organization,
    stream: line['stream'] ?? options.stream,
    address: line['address'] ?? line['email'] ?? line['emailaddress'] ?? line['recipient'] ?? '',
    reason: reason ?? options.reason,
    evidence: oneLine(text.filter((part) => part !== undefined && part !== '').join('; ')),
    ...(createdAt !== undefined && { createdAt }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 1_000)
}

/** ISO 8601, or seconds since the epoch as SendGrid has them. */
function instantOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const instant = /^\d{9,10}$/.test(text) ? Number(text) * 1_000 : Date.parse(text)
  return Number.isNaN(instant) ? undefined : instant
}
