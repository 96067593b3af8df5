/** For tests: a domain whose DNS lacks its SPF record, and whose keys can be rotated while it shows the new ones. */

import type { DomainView, PublishedKey } from '#product/domain'
import { OperationError } from '#product/operation'
import type { Operations } from '#product/operation'

const WEEK = 7 * 86_400_000

/** Begins with `view`, which the functions given replace from then on. */
export function pretendRotation(
  view: DomainView,
  now: number,
): Pick<Operations, 'domainShow' | 'domainVerify' | 'dkimRotate' | 'dkimActivate'> {
  const { name } = view.domain
  let current = view
  const published = (): boolean => current.keys.some(({ state }) => state === 'published')
  return {
    domainShow: (query) => Promise.resolve(query.name === name ? current : null),
    domainVerify: (query) =>
      Promise.resolve(
        query.name === name
          ? {
              domain: name,
              findings: [
                { level: 'ok', check: 'dkim', text: 'hk-1: published, and signing' },
                {
                  level: 'problem',
                  check: 'spf',
                  text: `${name} has no SPF record`,
                  publish: { name, type: 'TXT', value: 'v=spf1 a:mx.example.net ~all' },
                },
                { level: 'ok', check: 'dmarc', text: 'p=none \u001b[2J', advice: 'ask for more later' },
              ],
            }
          : null,
      ),
    dkimRotate(query) {
      if (query.name !== name) return Promise.resolve(null)
      if (!published()) current = withKey(current, now)
      return Promise.resolve(current)
    },
    dkimActivate(query) {
      if (query.name !== name) return Promise.resolve(null)
      if (!published()) return Promise.reject(new OperationError('invalid', `no key of ${name} waits`))
      if (!query.force)
        return Promise.reject(
          new OperationError('refused', 'the old keys go on signing:\n  hk-2: not in the DNS yet'),
        )
      current = turned(current, now)
      return Promise.resolve(current)
    },
  }
}

function withKey(view: DomainView, now: number): DomainView {
  const [first] = view.keys
  if (first === undefined) throw new Error('a domain without keys')
  const value = 'v=DKIM1; k=ed25519; p=def'
  const key: PublishedKey = {
    ...first,
    selector: 'hk-2',
    record: value,
    state: 'published',
    createdAt: now,
    since: now,
  }
  const { name } = view.domain
  const record = {
    name: `hk-2._domainkey.${name}`,
    type: 'TXT',
    value,
    purpose: 'dkim',
    by: 'owner',
    required: true,
  } as const
  return { ...view, keys: [...view.keys, key], records: [...view.records, record] }
}

function turned(view: DomainView, now: number): DomainView {
  const keys = view.keys.map((key): PublishedKey =>
    key.state === 'published'
      ? { ...key, state: 'active', since: now }
      : { ...key, state: 'retired', since: now, removableAt: now + WEEK },
  )
  const old = new Set(keys.filter(({ state }) => state === 'retired').map(({ record }) => record))
  const records = view.records.map((record) =>
    old.has(record.value) ? { ...record, keepUntil: now + WEEK } : record,
  )
  return { ...view, keys, records }
}
