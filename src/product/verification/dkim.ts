/** Whether the DNS shows the public keys of a domain. RFC 6376 §3.6 */

import type { Dns } from '#platform/dns'
import { dkimRecord } from '#product/domain'
import type { PublishedKey } from '#product/domain'

import { quoted } from './finding.ts'
import type { Finding } from './finding.ts'
import { lookUp } from './lookup.ts'
import { parseTagList } from './tag-list.ts'

export type KeyFinding = Finding & { readonly selector: string }

/** One finding a key. `now` tells when the record of a retired key may go. */
export function checkKeys(dns: Dns, keys: readonly PublishedKey[], now: number): Promise<KeyFinding[]> {
  return Promise.all(keys.map((key) => checkKey(dns, key, now)))
}

async function checkKey(dns: Dns, key: PublishedKey, now: number): Promise<KeyFinding> {
  const { name } = dkimRecord(key.domain, key.selector, key.record)
  const found = await lookUp(dns, name, 'TXT')
  switch (found.kind) {
    case 'unknown':
      return finding(key, 'warning', `cannot be looked up now: ${found.why}`, { advice: 'try again later' })
    case 'none':
      return missing(key, now)
    case 'found':
      return key.state === 'retired' ? present(key, now) : compare(key, found.records)
  }
}

function missing(key: PublishedKey, now: number): KeyFinding {
  switch (key.state) {
    case 'active':
      return finding(key, 'problem', 'not in the DNS: receivers see signatures without a key', publish(key))
    case 'published':
      return finding(
        key,
        'warning',
        'not in the DNS yet; it signs nothing until it is activated',
        publish(key),
      )
    case 'retired':
      if (removable(key, now)) return finding(key, 'ok', 'retired, and its record is gone')
      return finding(key, 'warning', 'retired, but mail it signed may still be under way', publish(key))
  }
}

function present(key: PublishedKey, now: number): KeyFinding {
  if (!removable(key, now)) return finding(key, 'ok', 'retired; the record stays for mail under way')
  return finding(key, 'ok', 'retired long ago', { advice: 'the record may be removed' })
}

function removable({ removableAt }: PublishedKey, now: number): boolean {
  return removableAt !== undefined && removableAt <= now
}

function compare(key: PublishedKey, records: readonly string[]): KeyFinding {
  const [text = '', ...more] = records
  // RFC 6376 §3.6.2.2: with several records at one selector, what a verifier does is undefined.
  if (more.length > 0)
    return finding(key, 'problem', `${records.length} TXT records; there must be one`, publish(key))
  const tags = parseTagList(text)
  const wrong = tags === undefined ? `is no key record: ${quoted(text)}` : difference(key, tags)
  if (wrong !== undefined) return finding(key, 'problem', wrong, publish(key))
  // RFC 6376 §3.6.1: verifiers must not treat mail of a domain that tests differently from unsigned mail.
  if (flags(tags).includes('y'))
    return finding(key, 'warning', 'the record says t=y, testing: signatures count for nothing', publish(key))
  return finding(
    key,
    'ok',
    key.state === 'active' ? 'published, and signing' : 'published, ready to be activated',
  )
}

/** What is wrong with the texts at a selector that is to have `record`, in words; `undefined` when nothing is. */
export function keyFault(record: string, texts: readonly string[]): string | undefined {
  const [text = '', ...more] = texts
  // RFC 6376 §3.6.2.2
  if (more.length > 0) return `has ${texts.length} TXT records; there must be one`
  const tags = parseTagList(text)
  const wrong = tags === undefined ? 'is no key record' : difference({ record }, tags)
  return wrong ?? (flags(tags).includes('y') ? 'says t=y, testing: signatures count for nothing' : undefined)
}

/** What makes the record useless for our signatures, in words; `undefined` when nothing does. RFC 6376 §3.6.1 */
function difference(
  { record }: Pick<PublishedKey, 'record'>,
  tags: ReadonlyMap<string, string>,
): string | undefined {
  const ours = parseTagList(record)
  const version = tags.get('v')
  if (version !== undefined && version !== 'DKIM1') return `has the version ${quoted(version)}, not DKIM1`
  if (tags.get('p') === '') return 'has an empty p=: the key is revoked'
  const algorithm = tags.get('k') ?? 'rsa'
  if (algorithm !== ours?.get('k'))
    return `has a key for ${quoted(algorithm)}, not ${ours?.get('k') ?? 'rsa'}`
  if (bare(tags.get('p')) !== bare(ours.get('p'))) return 'has another key: signatures do not verify'
  if (!allows(tags.get('h'), 'sha256')) return 'does not allow sha256 (h=)'
  return allows(tags.get('s'), 'email') ? undefined : 'is not for mail (s=)'
}

/** Folding white space inside base64 means nothing. RFC 6376 §3.2 */
function bare(text: string | undefined): string | undefined {
  return text?.replaceAll(/\s/g, '')
}

function flags(tags: ReadonlyMap<string, string> | undefined): readonly string[] {
  return (tags?.get('t') ?? '').split(':').map((flag) => flag.trim())
}

function allows(list: string | undefined, what: string): boolean {
  const words = list?.split(':').map((word) => word.trim())
  return words === undefined || words.includes(what) || words.includes('*')
}

function publish({ domain, selector, record }: PublishedKey): Pick<Finding, 'publish'> {
  const { name, type, value } = dkimRecord(domain, selector, record)
  return { publish: { name, type, value } }
}

function finding(
  { selector }: PublishedKey,
  level: Finding['level'],
  text: string,
  more: Pick<Finding, 'advice' | 'publish'> = {},
): KeyFinding {
  return { selector, level, check: 'dkim', text: `${selector}: ${text}`, ...more }
}
