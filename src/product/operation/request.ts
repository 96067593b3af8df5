/**
 * What each operation takes, as readers: the one list of operations that every door shares, and the check that
 * nothing gets past a door which the types do not allow.
 */

import { COUNT_KEYS, EVENT_KINDS } from '#grammar/event'
import type { Change, CountQuery, DeliveryFilter, DeliveryState, EventQuery } from '#engine/spool'
import { formatMailbox, parseDomain, parseMailbox } from '#grammar/address'
import { parseMessageId } from '#grammar/message-id'
import type { DeliveryKey } from '#grammar/message-id'

import { OPERATOR_SCOPES, SCOPES } from '#grammar/scope'
import type { NewApiKey } from '#product/account'
import type { AuditQuery } from '#product/audit'
import type { KeptQuery } from '#product/postmaster'
import type { QuotaChange } from '#product/quota'
import type { ReportQuery } from '#product/received-report'
import type {
  NewSuppression,
  SuppressionKey,
  SuppressionQuery,
  SuppressionReason,
} from '#product/suppression'
import type { NewWebhook, WebhookAttempt } from '#product/webhook'

import { OperationError } from './operation-error.ts'
import { LIST_LIMIT } from './operation.ts'
import type { MessagesQuery, Operations, QueuesQuery, SendRequest } from './operation.ts'
import { base64, choice, flag, line, list, optional, parsed, record, whole } from './reader.ts'
import type { Reader } from './reader.ts'

/** Every state, in the order of a delivery's life. */
export const DELIVERY_STATES = [
  'waiting',
  'active',
  'held',
  'delivered',
  'bounced',
  'expired',
  'cancelled',
] as const satisfies readonly DeliveryState[]

export const CHANGES = ['hold', 'release', 'cancel', 'retry'] as const satisfies readonly Change[]

export const SUPPRESSION_REASONS = [
  'bounce',
  'soft-bounces',
  'complaint',
  'unsubscribe',
  'manual',
  'import',
] as const satisfies readonly SuppressionReason[]

export const REPORT_KINDS = ['dmarc', 'tls'] as const satisfies readonly ReportQuery['kind'][]

/** Characters of a name, and of an address: RFC 5321 §4.5.3.1.3 has 256 octets, quotes and escapes come on top. */
const NAME = 255
const ADDRESS = 1_000
const URL_LENGTH = 2_000

/** Recipients that one delivery is one of; the position of the last is one less. */
const RECIPIENTS = 1_000_000

/** Milliseconds by which a reaction may be prolonged at a time. */
const YEAR = 366 * 86_400_000

const messageId = parsed('a message id such as 0ab3xk9m2pq', parseMessageId)
const position = whole(0, RECIPIENTS - 1)
const deliveryKey = record<DeliveryKey>({ message: messageId, n: position })
const name = line(NAME)
const instant = whole(0, Number.MAX_SAFE_INTEGER)
/** `null` is none. */
const limit: Reader<number | null> = (value, at) =>
  value === null ? null : whole(0, Number.MAX_SAFE_INTEGER)(value, at)

/** In the form that the spool has it: `@EXAMPLE.com` is `@example.com`, `@例え.jp` is `@xn--r8jz45g.jp`. */
function canonicalAddress(text: string): string | undefined {
  const mailbox = parseMailbox(text, { smtputf8: true, looseDots: true, furtherHop: true })
  return mailbox.ok ? formatMailbox(mailbox.value) : undefined
}

function canonicalRecipient(text: string): string | undefined {
  if (!text.startsWith('@')) return canonicalAddress(text)
  const domain = parseDomain(text.slice(1))
  return domain === undefined ? undefined : `@${domain}`
}

const FILTER = {
  message: optional(messageId),
  n: optional(position),
  states: optional(list(choice(DELIVERY_STATES), { min: 1, max: DELIVERY_STATES.length })),
  queue: optional(name),
  recipient: optional(parsed('an address, or @ and a domain', canonicalRecipient)),
  sender: optional(parsed('an address', canonicalAddress)),
  stream: optional(name),
  organization: optional(name),
  campaign: optional(name),
  tag: optional(line(NAME)),
  subject: optional(line(NAME)),
  class: optional(name),
  since: optional(instant),
  until: optional(instant),
  said: optional(name),
}

type Requests = { readonly [K in keyof Operations]: Reader<Parameters<Operations[K]>[0]> }

const nothing: Reader<undefined> = (value, at) => {
  record({})(value, at)
  return undefined
}

const REQUESTS: Requests = {
  status: nothing,
  queues: record<QueuesQuery>({
    organization: optional(name),
    match: optional(name),
    order: optional(choice(['size', 'name'])),
    after: optional(name),
    limit: whole(1, LIST_LIMIT),
  }),
  messages: record<MessagesQuery>({
    ...FILTER,
    before: optional(deliveryKey),
    limit: whole(1, LIST_LIMIT),
  }),
  search: record<MessagesQuery>({
    ...FILTER,
    before: optional(deliveryKey),
    limit: whole(1, LIST_LIMIT),
  }),
  message: record({ id: messageId }),
  explain: record<Parameters<Operations['explain']>[0]>({ id: messageId, n: optional(position) }),
  change: record<Parameters<Operations['change']>[0]>({
    filter: record<DeliveryFilter>({ ...FILTER, before: optional(deliveryKey) }),
    change: choice(CHANGES),
    reason: line(NAME),
  }),
  send: record<SendRequest>({
    organization: name,
    stream: name,
    from: line(ADDRESS),
    to: list(line(ADDRESS), { min: 1, max: RECIPIENTS }),
    content: base64,
  }),
  domains: nothing,
  domainAdd: record({ name, organization: name }),
  domainRemove: record<Parameters<Operations['domainRemove']>[0]>({ name, organization: optional(name) }),
  domainShow: record({ name }),
  domainVerify: record({ name }),
  dkimRotate: record({ name }),
  dkimActivate: record({ name, force: flag }),
  credentials: nothing,
  credentialAdd: record({ organization: name, stream: name, note: name }),
  credentialRevoke: record({ login: name }),
  apiKeys: nothing,
  apiKeyAdd: record<NewApiKey>({
    organization: name,
    stream: name,
    note: name,
    scopes: list(name, { min: 1, max: SCOPES.length + OPERATOR_SCOPES.length }),
    networks: list(name, { min: 0, max: 50 }),
    expiresAt: optional(whole(0, Number.MAX_SAFE_INTEGER)),
  }),
  apiKeyRevoke: record({ id: name }),
  webhooks: nothing,
  webhookAdd: record<NewWebhook>({
    organization: name,
    url: line(URL_LENGTH),
    note: line(NAME),
    kinds: list(choice(EVENT_KINDS), { min: 0, max: EVENT_KINDS.length }),
    stream: optional(name),
    since: optional(instant),
  }),
  webhookRotate: record({ id: name, overlap: whole(0, YEAR) }),
  webhookPause: record({ id: name, why: line(NAME) }),
  webhookResume: record({ id: name }),
  webhookReplay: record({ id: name, since: instant }),
  webhookRemove: record({ id: name }),
  webhookTest: record({ id: name }),
  webhookAttempts: record<Parameters<Operations['webhookAttempts']>[0]>({
    id: name,
    limit: whole(1, LIST_LIMIT),
    before: optional(record<Pick<WebhookAttempt, 'at' | 'id'>>({ at: instant, id: name })),
  }),
  quotas: record<Parameters<Operations['quotas']>[0]>({ organization: optional(name) }),
  quotaSet: record<QuotaChange>({
    organization: name,
    stream: optional(name),
    limits: record<QuotaChange['limits']>({
      hour: optional(limit),
      day: optional(limit),
      month: optional(limit),
      recipients: optional(limit),
      size: optional(limit),
    }),
  }),
  audit: record<AuditQuery>({
    organization: optional(name),
    actor: optional(line(ADDRESS)),
    action: optional(name),
    from: optional(instant),
    to: optional(instant),
    limit: whole(1, LIST_LIMIT),
    before: optional(name),
  }),
  users: nothing,
  ownerLink: record({ organization: name }),
  suppressions: record<SuppressionQuery>({
    organization: name,
    stream: optional(name),
    reason: optional(choice(SUPPRESSION_REASONS)),
    match: optional(name),
    all: optional(flag),
    after: optional(record<SuppressionKey>({ createdAt: instant, address: line(ADDRESS), stream: name })),
    limit: whole(1, LIST_LIMIT),
  }),
  suppressionShow: record({ organization: name, address: line(ADDRESS) }),
  suppressionAdd: record({
    rows: list(
      record<NewSuppression>({
        organization: name,
        stream: name,
        address: line(ADDRESS),
        reason: choice(SUPPRESSION_REASONS),
        evidence: line(ADDRESS),
        class: optional(name),
        delivery: optional(name),
        createdAt: optional(instant),
        expiresAt: optional(instant),
      }),
      { min: 1, max: LIST_LIMIT },
    ),
  }),
  suppressionRemove: record<Parameters<Operations['suppressionRemove']>[0]>({
    organization: name,
    stream: optional(name),
    address: line(ADDRESS),
    why: line(NAME),
  }),
  domainReports: record<ReportQuery>({
    domain: parsed('a domain', parseDomain),
    organization: optional(name),
    kind: optional(choice(REPORT_KINDS)),
    limit: whole(1, LIST_LIMIT),
    before: optional(name),
  }),
  domainReport: record({ id: name }),
  postmasterMails: record<KeptQuery>({ limit: whole(1, LIST_LIMIT), before: optional(name) }),
  postmasterMail: record({ id: name }),
  postmasterRemove: record({ ids: list(name, { min: 1, max: LIST_LIMIT }) }),
  experiences: record<Parameters<Operations['experiences']>[0]>({
    organization: name,
    after: optional(deliveryKey),
    limit: whole(1, LIST_LIMIT),
  }),
  tlsReports: record({ limit: whole(1, LIST_LIMIT) }),
  tlsReport: record({ id: name }),
  tlsPolicies: record({ limit: whole(1, LIST_LIMIT) }),
  brokenTls: nothing,
  reputation: nothing,
  rates: record<Parameters<Operations['rates']>[0]>({ span: choice(['hour', 'day', 'week']) }),
  sources: nothing,
  reactions: nothing,
  reactionCancel: record({ id: name }),
  reactionExtend: record({ id: name, by: whole(1, YEAR) }),
  warmUps: nothing,
  warmUpSet: record<Parameters<Operations['warmUpSet']>[0]>({
    source: name,
    provider: name,
    step: optional(whole(1, 1_000)),
  }),
  events: record<EventQuery>({
    organization: optional(line(NAME)),
    after: optional(line(ADDRESS)),
    since: optional(instant),
    until: optional(instant),
    stream: optional(line(NAME)),
    message: optional(messageId),
    to: optional(line(ADDRESS)),
    kinds: optional(list(choice(EVENT_KINDS), { min: 1, max: EVENT_KINDS.length })),
    limit: whole(1, LIST_LIMIT),
  }),
  counts: record<CountQuery>({
    organization: optional(line(NAME)),
    from: instant,
    to: instant,
    by: list(choice(COUNT_KEYS), { min: 0, max: COUNT_KEYS.length }),
    stream: optional(line(NAME)),
    source: optional(line(NAME)),
    provider: optional(line(NAME)),
    domain: optional(line(NAME)),
    sender: optional(line(NAME)),
    tag: optional(line(NAME)),
    zone: optional(whole(-14 * 60, 14 * 60)),
  }),
  reload: nothing,
}

export const OPERATION_NAMES = Object.keys(REQUESTS) as readonly (keyof Operations)[]

/**
 * Calls the operation that a stranger named with the argument that came along.
 * @throws {OperationError} `invalid` before anything was done, when there is no such operation or it takes no such
 * argument; and what the operation throws
 */
export function perform(operations: Operations, operation: string, argument: unknown): Promise<unknown> {
  if (!isOperation(operation))
    throw new OperationError('invalid', `there is no operation ${JSON.stringify(operation.slice(0, 40))}`)
  const request: unknown = REQUESTS[operation](argument, `${operation}: `)
  return Reflect.apply(operations[operation], operations, [request]) as Promise<unknown>
}

function isOperation(text: string): text is keyof Operations {
  return Object.hasOwn(REQUESTS, text)
}
