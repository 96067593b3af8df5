/** For tests: a DNS that is a zone in memory, and counts what it is asked. */

import { parseZone } from '#platform/dns'
import type { Answer, Dns, RecordType } from '#platform/dns'

export type ZoneDns = Dns & { readonly asked: readonly string[] }

const SEMICOLON = '\u{f003b}'

/** `failing` names have an answer that nobody knows now. */
export function zoneDns(text: string, failing: readonly string[] = []): ZoneDns {
  // To the zone reader a semicolon begins a comment; here it is what tag lists are made of.
  const zone = parseZone(text.replaceAll(';', SEMICOLON))
  const asked: string[] = []
  const answer = (name: string, type: RecordType): Answer => {
    asked.push(`${name} ${type}`)
    if (failing.includes(name)) return { kind: 'failed', reason: 'timeout', text: 'no answer', expires: 0 }
    const here = zone.filter((record) => record.name === name.toLowerCase())
    const records = here
      .filter((record) => record.type === type)
      .map(({ data }) => (typeof data === 'string' ? data.replaceAll(SEMICOLON, ';') : data))
    if (records.length > 0) return { kind: 'records', name, authentic: false, records, expires: 0 }
    return { kind: here.length > 0 ? 'nodata' : 'nxdomain', name, authentic: false, expires: 0 }
  }
  return {
    asked,
    query: <T extends RecordType>(name: string, type: T) => Promise.resolve(answer(name, type) as Answer<T>),
    cached: () => undefined,
  }
}
