/** What people do with webhooks: make, see, change, stop, start, send again. What is sent: `dispatcher.ts`. */

import { randomBytes } from 'node:crypto'

import type { Kysely, UpdateObject } from 'kysely'

import type { NewEvent } from '#engine/spool'
import { redacted } from '#platform/secret'
import type { ServerKey } from '#platform/secret'
import { violationOf } from '#platform/store'
import type { Control } from '#platform/store'
import { formatPlace } from '#product/event'

import { newSecret, sealed } from './signature.ts'
import { webhookOf, webhookTables } from './tables.ts'
import type { WebhookTables } from './tables.ts'
import { noteOf, streamOf, urlOf, WebhookError } from './webhook.ts'
import type { NewWebhook, Webhook, WebhookAttempt, WebhookChange } from './webhook.ts'

/** `secret` is here and nowhere else, and never again; JSON and logs of the whole show it redacted. */
export type IssuedWebhook = { readonly webhook: Webhook; readonly secret: string }

export type AttemptQuery = {
  readonly organization: string
  readonly id: string
  readonly limit: number
  /** Older ones than this. */
  readonly before?: Pick<WebhookAttempt, 'at' | 'id'>
}

/** Every question is asked for one organization, and answered for it alone: `undefined` when it has no such webhook. */
export type Webhooks = {
  /** @throws {WebhookError} */
  add(request: NewWebhook): Promise<IssuedWebhook>
  /** Oldest first. */
  list(organization: string): Promise<readonly Webhook[]>
  show(organization: string, id: string): Promise<Webhook | undefined>
  /** @throws {WebhookError} `malformed` */
  change(organization: string, id: string, change: WebhookChange): Promise<Webhook | undefined>
  /** The secret until now signs as well for `overlap` ms. */
  rotate(organization: string, id: string, overlap: number): Promise<IssuedWebhook | undefined>
  pause(organization: string, id: string, why: string): Promise<Webhook | undefined>
  /** It goes on where it stood, at once. */
  resume(organization: string, id: string): Promise<Webhook | undefined>
  /** What was written down since is sent (again), in order, and then what follows. */
  replay(organization: string, id: string, since: number): Promise<Webhook | undefined>
  remove(organization: string, id: string): Promise<boolean>
  /** Newest first. */
  attempts(query: AttemptQuery): Promise<readonly WebhookAttempt[]>
}

export type WebhooksOptions = {
  readonly now: () => number
  /** Whether receivers without TLS may be named: where some addresses are allowed to be asked so. */
  readonly plain: boolean
  /** Into the log of events of the organization. */
  readonly tell: (event: NewEvent) => Promise<void>
}

/** Of one organization. */
const MOST = 20

/** After `openAccounts` of the same database. */
export async function openWebhooks(
  control: Control,
  key: ServerKey,
  options: WebhooksOptions,
): Promise<Webhooks> {
  const { now, plain, tell } = options
  const db = await webhookTables(control)
  const update = (organization: string, id: string, set: Change): Promise<Webhook | undefined> =>
    updated(db, { organization, id }, set, now())
  const fresh = { pending: 0, failures: 0, failing_since: null, due: 0 }
  return {
    add: (request) => add(db, key, request, options),
    list: (organization) => list(db, organization, now()),
    show: async (organization, id) => (await list(db, organization, now())).find((one) => one.id === id),
    change: (organization, id, change) =>
      update(organization, id, {
        ...(change.url !== undefined && { url: urlOf(change.url, plain) }),
        ...(change.note !== undefined && { note: noteOf(change.note) }),
        ...(change.kinds !== undefined && { kinds: change.kinds.join(',') }),
        ...(change.stream !== undefined && { stream: streamOf(change.stream) }),
        // What failed may be right now, and is another request.
        ...fresh,
      }),
    async rotate(organization, id, overlap) {
      const secret = newSecret()
      const webhook = await update(organization, id, {
        old_secret: (column) => column.ref('webhook.secret'),
        old_until: now() + overlap,
        secret: sealed(key, id, secret),
      })
      return webhook === undefined ? undefined : redacted({ webhook, secret }, 'secret')
    },
    pause: (organization, id, why) =>
      update(organization, id, { paused_at: now(), paused_why: why, gave_up: 0 }),
    async resume(organization, id) {
      const before = (await list(db, organization, now())).find((one) => one.id === id)
      const resumed = { paused_at: null, paused_why: null, gave_up: 0, ...fresh }
      const webhook = await update(organization, id, resumed)
      if (webhook !== undefined && before?.state.at === 'paused' && before.state.gaveUp)
        await tell({ kind: 'alert-ended', at: now(), organization, data: { alert: 'webhook', webhook: id } })
      return webhook
    },
    replay: (organization, id, since) =>
      update(organization, id, {
        place: formatPlace({ after: '', since }),
        generation: (column) => column('webhook.generation', '+', 1),
        ...fresh,
      }),
    remove: (organization, id) => remove(db, organization, id),
    attempts: (query) => attempts(db, query),
  }
}

type Change = UpdateObject<WebhookTables, 'webhook'>

async function updated(
  db: Kysely<WebhookTables>,
  { organization, id }: Pick<Webhook, 'organization' | 'id'>,
  set: Change,
  now: number,
): Promise<Webhook | undefined> {
  const row = await db
    .updateTable('webhook')
    .set(set)
    .where('organization', '=', organization)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? undefined : webhookOf(row, now)
}

async function add(
  db: Kysely<WebhookTables>,
  key: ServerKey,
  request: NewWebhook,
  { now, plain }: WebhooksOptions,
): Promise<IssuedWebhook> {
  const { organization, kinds, since = now() } = request
  const id = randomBytes(8).toString('hex')
  const secret = newSecret()
  const row = {
    id,
    organization,
    url: urlOf(request.url, plain),
    note: noteOf(request.note),
    kinds: kinds.join(','),
    stream: streamOf(request.stream),
    secret: sealed(key, id, secret),
    old_secret: null,
    old_until: null,
    created_at: now(),
    paused_at: null,
    paused_why: null,
    gave_up: 0,
    place: formatPlace({ after: '', since }),
    generation: 0,
    pending: 0,
    failures: 0,
    failing_since: null,
    due: 0,
    node: null,
    leased_until: 0,
  }
  if ((await list(db, organization, now())).length >= MOST)
    throw new WebhookError('full', `an organization has at most ${MOST} webhooks`)
  try {
    await db.insertInto('webhook').values(row).execute()
  } catch (cause) {
    if (violationOf(cause) !== 'reference') throw cause
    throw new WebhookError('organization', `there is no organization ${organization}`, { cause })
  }
  return redacted({ webhook: webhookOf(row, now()), secret }, 'secret')
}

async function list(
  db: Kysely<WebhookTables>,
  organization: string,
  now: number,
): Promise<readonly Webhook[]> {
  const query = db.selectFrom('webhook').selectAll().where('organization', '=', organization)
  return (await query.orderBy('created_at').orderBy('id').execute()).map((row) => webhookOf(row, now))
}

async function remove(db: Kysely<WebhookTables>, organization: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('webhook')
    .where('organization', '=', organization)
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

async function attempts(
  db: Kysely<WebhookTables>,
  { organization, id, limit, before }: AttemptQuery,
): Promise<readonly WebhookAttempt[]> {
  let query = db
    .selectFrom('webhook_attempt')
    .innerJoin('webhook', 'webhook.id', 'webhook_attempt.webhook')
    .selectAll('webhook_attempt')
    .where('webhook.organization', '=', organization)
    .where('webhook.id', '=', id)
  if (before !== undefined)
    query = query.where((where) =>
      where.or([
        where('webhook_attempt.at', '<', before.at),
        where.and([where('webhook_attempt.at', '=', before.at), where('webhook_attempt.id', '<', before.id)]),
      ]),
    )
  const rows = await query
    .orderBy('webhook_attempt.at', 'desc')
    .orderBy('webhook_attempt.id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ id: attempt, at, duration, what, request, events, ok, status, excerpt }) => {
    const kind = what === 'ping' ? 'ping' : 'events'
    return { id: attempt, at, duration, what: kind, request, events, ok: ok === 1, status, excerpt }
  })
}
