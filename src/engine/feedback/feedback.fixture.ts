/** For tests: one delivered message in a memory spool, and mail that comes back about it. */

import assert from 'node:assert/strict'

import { AS_ACCEPTED, createIntake, createTelling, Notices, ownAddress } from '#engine/queue'
import type { Purpose } from '#engine/queue'
import { memorySpool, messageIds } from '#engine/spool'
import type { Delivery, Message, MessageId, Report, Spool } from '#engine/spool'
import { formatMailbox } from '#grammar/address'
import type { Mailbox, ReversePath } from '#grammar/address'
import type { Notify } from '#grammar/smtp'
import { memoryLog } from '#platform/log'
import type { MemoryLog } from '#platform/log'
import { serverKey } from '#platform/secret'

import type { Learned } from './decide.ts'
import { Feedback } from './feedback.ts'
import type { FeedbackOptions, Reported, ReportTaken } from './feedback.ts'
import type { Kept } from './postmaster.ts'

const NOW = 1_800_000_000_000
export const SECRET = Buffer.from('secret of the feedback test')
export const SEAL = serverKey(Buffer.alloc(32, 7))
export const DOMAIN = 'bounce.example.org'
const RECIPIENT = { local: 'Aki', domain: 'example.com' }
const SENDER = { local: 'shop', domain: 'example.org' }

export type Rig = {
  readonly feedback: Feedback
  readonly spool: Spool
  readonly id: MessageId
  readonly learned: Learned[]
  readonly reported: readonly Reported[]
  readonly kept: readonly (Kept & { readonly text: string })[]
  readonly log: MemoryLog
  readonly counted: string[]
  address(purpose: Purpose, n?: number): Mailbox
  /** The reply to a message that comes to these addresses. */
  comes(to: Mailbox | readonly Mailbox[], content: string): Promise<string>
  reports(): Promise<readonly Report[]>
  /** Recipients and contents of the messages that the node made since. */
  made(): Promise<readonly { readonly to: string; readonly from: string; readonly text: string }[]>
}

type RigOptions = {
  readonly notify?: Notify
  readonly from?: Message['from']
  readonly state?: 'delivered' | 'bounced' | 'expired'
  /** Puts something of the test's before what was learned is written down. */
  readonly learns?: (learned: Learned) => Promise<void>
  /** The reverse-path of what comes. */
  readonly brings?: ReversePath
  /** What becomes of reports about domains. */
  readonly report?: ReportTaken
  readonly spool?: (spool: Spool) => Pick<Spool, 'show' | 'report'>
  readonly options?: Partial<FeedbackOptions>
}

export async function rig({ state = 'delivered', from = SENDER, ...more }: RigOptions = {}): Promise<Rig> {
  const spool = await memorySpool()
  const log = memoryLog()
  const newId = messageIds(1, () => NOW)
  const id = newId()
  await accept(spool, id, { from, ...(more.notify === undefined ? {} : { notify: more.notify }) })
  await spool.settle({ key: { message: id, n: 0 }, state, due: NOW, at: NOW, reason: '' })
  const learned: Learned[] = []
  const counted: string[] = []
  const reported: Reported[] = []
  const kept: Array<Kept & { readonly text: string }> = []
  const shared = { spool, log, newId, now: () => NOW }
  const feedback = new Feedback({
    hostname: 'mx.example.org',
    names: new Set(['mx.example.org', 'out.example.org', DOMAIN]),
    postmaster: [],
    keep: async (mail, content) => void kept.push({ ...mail, text: Buffer.from(content).toString() }),
    hops: 50,
    secret: SECRET,
    seal: SEAL,
    spool: more.spool?.(spool) ?? spool,
    intake: createIntake({
      ...shared,
      queue: NOWHERE,
      expire: 1e9,
      expireNull: 1e9,
      pressure: () => undefined,
    }),
    reported: async (one) => {
      reported.push(one)
      return more.report ?? { kind: 'kept' }
    },
    learned: more.learns ?? (async (one) => void learned.push(one)),
    tell: telling(shared),
    metrics: { received: (kind) => counted.push(kind), bounced: (why) => counted.push(why) },
    log,
    now: () => NOW,
    ...more.options,
  })
  return {
    feedback,
    spool,
    id,
    learned,
    kept,
    reported,
    log,
    counted,
    address: (purpose, n = 0) => ownAddress({ purpose, key: { message: id, n } }, DOMAIN, SECRET),
    comes: (to, content) => comes(feedback, { from: more.brings ?? null, to: [to].flat() }, content),
    reports: async () => (await spool.show(id))?.deliveries[0]?.reports ?? [],
    made: () => made(spool, id),
  }
}

const NOWHERE = { reserve: () => false, free: () => {}, arrived: () => {} }

function telling(
  shared: Pick<Parameters<typeof createTelling>[0], 'spool' | 'log' | 'now'> & {
    readonly spool: Spool
    readonly newId: () => MessageId
  },
): ReturnType<typeof createTelling> {
  const notices = new Notices({
    nodeName: 'mx.example.org',
    postmaster: 'postmaster@mx.example.org',
    perSenderPerHour: 2,
    expire: 86_400_000,
    newId: shared.newId,
    personaliser: AS_ACCEPTED,
    read: (id) => shared.spool.read(id),
  })
  const metrics = { ended: () => {}, refused: () => {}, notice: () => {} }
  return createTelling({ ...shared, notices, metrics, arrived: () => {} })
}

async function accept(
  spool: Spool,
  id: MessageId,
  { from, notify }: Pick<Message, 'from'> & Pick<Delivery, 'notify'>,
): Promise<void> {
  const message: Message = {
    id,
    acceptedAt: NOW,
    organization: 'acme',
    stream: 'marketing',
    door: 'submission',
    client: { address: '192.0.2.7', helo: 'app.example.org', protocol: 'ESMTPSA' },
    from,
    size: 1,
    body: '7bit',
    smtputf8: false,
    requireTls: false,
    priority: 0,
    expiresAt: NOW + 1e9,
    headerMessageId: '<1@example.org>',
  }
  const delivery = {
    to: RECIPIENT,
    queue: 'marketing/example.com',
    band: 1,
    state: 'active',
    due: NOW,
  } as const
  await spool.accept(
    { message, deliveries: [{ ...delivery, ...(notify === undefined ? {} : { notify }) }] },
    Buffer.from('x'),
  )
}

type Path = { readonly from: ReversePath; readonly to: readonly Mailbox[] }

async function comes(feedback: Feedback, { from, to }: Path, content: string): Promise<string> {
  const envelope = { body: '7bit', smtputf8: false, requireTls: false, priority: 0 } as const
  const { reply } = await feedback.take({
    offer: {
      identity: { organization: '', stream: '' },
      envelope: { ...envelope, from, to: to.map((one) => ({ to: one })) },
      client: 'mx.example.com',
      protocol: 'ESMTP',
    },
    client: { address: '192.0.2.25' },
    bytes: Buffer.from(content.replaceAll('\n', '\r\n')),
  })
  return `${reply.code} ${reply.enhanced}`
}

async function made(spool: Spool, before: MessageId): ReturnType<Rig['made']> {
  const all = (await spool.list({}, { limit: 100 })).filter(({ message }) => message.id !== before)
  return Promise.all(
    all.map(async ({ message, delivery }) => {
      const content = await spool.read(message.id)
      const parts: Uint8Array[] = []
      if (content.kind === 'whole') parts.push(content.bytes)
      else for await (const chunk of content.chunks()) parts.push(chunk)
      const from = message.from === null ? '<>' : formatMailbox(message.from)
      return { to: formatMailbox(delivery.to), from, text: Buffer.concat(parts).toString() }
    }),
  )
}

/** A bounce message with one group of fields for each recipient. */
export function dsn(...groups: readonly string[]): string {
  return `From: MAILER-DAEMON@mx.example.com
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

${groups.join('\n\n')}

--b--
`
}

export const UNKNOWN = `Final-Recipient: rfc822; aki@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; store.example.com
Diagnostic-Code: smtp; 550 5.1.1 No such user`

/** A complaint whose returned message has these fields. */
export function arf(type: string, fields: string): string {
  return `From: fbl@example.com
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: ${type}
User-Agent: ExampleFBL/1
Version: 1

--b
Content-Type: message/rfc822

${fields}
Subject: Spring sale

x
--b--
`
}

/** The one there is. */
export function only<T>(list: readonly T[]): T {
  const [one, ...others] = list
  assert(one !== undefined && others.length === 0, `${list.length} instead of one`)
  return one
}
