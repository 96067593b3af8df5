/** Domains, their keys and the records to publish, in answers. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import type { DnsRecord, Domain, DomainView } from '#product/domain'

import { Time } from './person-schema.ts'
import { isoTime } from './text.ts'

const DOMAIN = {
  domain: Type.String({ description: 'In A-labels.' }),
  status: Type.Enum(['unverified', 'verified'], { description: 'Mail may be sent from a verified one.' }),
  vouched: Type.Boolean({ description: 'The operator said whose it is: no record has to show it.' }),
  dns: Type.Enum(['unchecked', 'incomplete', 'good', 'broken'], {
    description: 'Whether the records that receivers need are there; `broken`: they were.',
  }),
  created_at: Time,
  verified_at: Type.Optional(Time),
  checked_at: Type.Optional(Time),
}

export const ShownDomain = Type.Object(DOMAIN, { title: 'Domain' })

const ShownRecord = Type.Object(
  {
    name: Type.String(),
    type: Type.Enum(['TXT', 'MX', 'CNAME']),
    value: Type.String(),
    purpose: Type.Enum([
      'ownership',
      'dkim',
      'spf',
      'dmarc',
      'return-path',
      'tracking',
      'dmarc-reports',
      'tls-reports',
    ]),
    required: Type.Boolean({ description: 'Without it large receivers refuse mail.' }),
    by: Type.Enum(['owner', 'operator'], { description: 'Who can publish it.' }),
    status: Type.Enum(['unchecked', 'ok', 'missing', 'wrong', 'unknown'], {
      description: '`unknown`: the DNS gave no answer.',
    }),
    found: Type.Optional(Type.Array(Type.String(), { description: 'What is there instead.' })),
    why: Type.Optional(Type.String()),
    keep_until: Type.Optional(Time),
  },
  { title: 'DnsRecord' },
)

const ShownKey = Type.Object(
  {
    selector: Type.String(),
    algorithm: Type.String(),
    state: Type.Enum(['published', 'active', 'retired'], {
      description:
        '`published`: to be put into the DNS, signs nothing yet; `retired`: its record stays a while.',
    }),
    created_at: Time,
    since: Time,
    removable_at: Type.Optional(Time),
  },
  { title: 'DkimKey' },
)

export const DomainDetail = Type.Object(
  { ...DOMAIN, records: Type.Array(ShownRecord), keys: Type.Array(ShownKey) },
  { title: 'DomainDetail' },
)

export function shownDomain(domain: Domain): Static<typeof ShownDomain> {
  const { name, vouched, health, createdAt, verifiedAt, checkedAt } = domain
  return {
    domain: name,
    status: verifiedAt === undefined ? 'unverified' : 'verified',
    vouched,
    dns: health,
    created_at: isoTime(createdAt),
    ...(verifiedAt !== undefined && { verified_at: isoTime(verifiedAt) }),
    ...(checkedAt !== undefined && { checked_at: isoTime(checkedAt) }),
  }
}

export function detailOf(view: DomainView): Static<typeof DomainDetail> {
  return {
    ...shownDomain(view.domain),
    records: view.records.map((record) => shownRecord(record, view.statuses)),
    keys: view.keys.map(({ selector, algorithm, state, createdAt, since, removableAt }) => ({
      selector,
      algorithm,
      state,
      created_at: isoTime(createdAt),
      since: isoTime(since),
      ...(removableAt !== undefined && { removable_at: isoTime(removableAt) }),
    })),
  }
}

function shownRecord(
  { name, type, value, purpose, required, by, keepUntil }: DnsRecord,
  statuses: DomainView['statuses'],
): Static<typeof ShownRecord> {
  const known = statuses.find((one) => one.name === name && one.type === type && one.purpose === purpose)
  return {
    name,
    type,
    value,
    purpose,
    required,
    by,
    status: known?.status ?? 'unchecked',
    ...(known?.found !== undefined && { found: [...known.found] }),
    ...(known?.why !== undefined && { why: known.why }),
    ...(keepUntil !== undefined && { keep_until: isoTime(keepUntil) }),
  }
}
