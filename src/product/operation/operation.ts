/**
 * What an operator can do to a node: one table of functions, offered by the running process on its control socket
 * and by the command line itself when no process runs. Values are plain JSON: times in milliseconds, ids as text.
 */

import type {
  Change,
  CountQuery,
  CountRow,
  Delivery,
  DeliveryFilter,
  DeliveryKey,
  EventQuery,
  Events,
  Message,
  MessageId,
  MessageView,
  QueueDepth,
  Searched,
} from '#engine/spool'
import type { BrokenHost, PathState } from '#engine/egress'
import type { Live, WarmUpState } from '#engine/shaping'
import type { TlsReport } from '#grammar/report'
import type { ApiKey, Credential, NewApiKey } from '#product/account'
import type { AuditQuery, Entry } from '#product/audit'
import type { Domain, DomainView } from '#product/domain'
import type { Verification } from '#product/verification'
import type { Reason, SourceFacts } from '#product/explanation'
import type { KeptMail, KeptQuery } from '#product/postmaster'
import type { KeptReport, ReportQuery, ReportRow } from '#product/received-report'
import type { RateRow, Span, Standing } from '#product/reputation'
import type { NewSuppression, Past, Suppression, SuppressionQuery } from '#product/suppression'
import type { Member } from '#product/user'

import type { QuotaOperations } from './quota.ts'
import type { WebhookOperations } from './webhook.ts'

export type QueueRow = QueueDepth & {
  /** In memory, waiting for a path; on the wire. */
  readonly ready: number
  readonly onWire: number
  /** Absent until a route was found, and when no process runs. */
  readonly site?: string
  readonly paths?: readonly PathState[]
  /** Whose sources may take its mail; absent when no process runs. */
  readonly pool?: string
  /** Why what is due of it waits; empty when nothing keeps it. */
  readonly reasons: readonly Reason[]
}

/** Why each delivery of a message waits, or what became of it. */
export type Explained = {
  readonly message: Message
  readonly deliveries: readonly {
    readonly delivery: Delivery
    /** Whose sources may take it; absent when it is over, and when no process runs. */
    readonly pool?: string
    readonly reasons: readonly Reason[]
  }[]
}

/** Rows of one answer, at most: who wants more asks again. */
export const LIST_LIMIT = 1_000

export type QueuesQuery = {
  /** Only those of one organization. */
  readonly organization?: string
  /** Only queues whose name or site contains this, in upper or lower case. */
  readonly match?: string
  /** `size`, when absent: those with most unfinished deliveries first. By name, pages can follow each other. */
  readonly order?: 'size' | 'name'
  /** Only those whose name sorts after this; takes `order` by name. */
  readonly after?: string
  readonly limit: number
}

export type QueuesView = {
  /** At most as many as were asked for, in the order that was. */
  readonly rows: readonly QueueRow[]
  /** How many queues matched, those before `after` left out, and their unfinished deliveries. */
  readonly queues: number
  readonly deliveries: number
}

export type MessageRow = { readonly message: Message; readonly delivery: Delivery }

export type MessagesQuery = DeliveryFilter & {
  readonly limit: number
  readonly before?: { readonly message: MessageId; readonly n: number }
}

/** A message an operator sends: complete RFC 5322 content, base64. */
export type SendRequest = {
  readonly organization: string
  readonly stream: string
  /** Empty for the null reverse-path. */
  readonly from: string
  readonly to: readonly string[]
  readonly content: string
}

export type NodeStatus = {
  readonly version: string
  readonly pid: number
  readonly startedAt: number
  readonly node: string
  readonly listeners: readonly { readonly name: string; readonly address: string; readonly port: number }[]
  readonly accepting: boolean
  /** Why not. */
  readonly refusal?: string
  readonly waiting: number
  readonly onWire: number
  readonly held: number
}

export type Reloaded = {
  /** With any, nothing has changed. */
  readonly problems: readonly string[]
  /** What has changed in the configuration and holds only after a restart. */
  readonly restart: readonly string[]
}

export type Changed = {
  readonly count: number
  /** As they were before, newest first: the first `LIST_LIMIT` of them. */
  readonly rows: readonly MessageRow[]
}

export type PastExperience = Past

export type PastPage = {
  /** What was learnt, in the order in which its messages were accepted. */
  readonly rows: readonly PastExperience[]
  /** Deliveries looked at. */
  readonly looked: number
  /** When the message of the last of them was accepted: nothing of a later page happened before. */
  readonly through?: number
  /** Where the next page begins; absent: there is none. */
  readonly next?: DeliveryKey
}

export type TlsReportRow = {
  readonly id: string
  /** `2026-11-22`, in UTC. */
  readonly day: string
  readonly domain: string
  readonly state: 'waiting' | 'sent' | 'failed'
  /** When it is sent, or tried again. */
  readonly due: number
  readonly successes: number
  readonly failures: number
}

export type TlsReportView = TlsReportRow & {
  readonly report: TlsReport
  readonly deliveries: readonly { readonly target: string; readonly ok: boolean; readonly text: string }[]
}

/** An MTA-STS policy that holds. */
export type TlsPolicyRow = {
  readonly domain: string
  readonly id: string
  readonly mode: 'enforce' | 'testing' | 'none'
  readonly mx: readonly string[]
  readonly fetchedAt: number
  readonly expiresAt: number
}

export type BrokenRow = BrokenHost

/** With its content, base64. */
export type KeptMailView = KeptMail & { readonly content: string }

/** What became of mail within a span of time, and which shares of it are too high. */
export type RatesView = {
  readonly span: Span
  readonly from: number
  readonly to: number
  /** By source and group of receivers. */
  readonly rows: readonly RateRow[]
}

/** Its rates are those of the last day. */
export type SourceView = SourceFacts

export type Operations = QuotaOperations &
  WebhookOperations & {
    status(): Promise<NodeStatus>
    queues(query: QueuesQuery): Promise<QueuesView>
    /** Newest first; as many as there are up to the limit, however long it takes. */
    messages(query: MessagesQuery): Promise<readonly MessageRow[]>
    /** The same, as far as one question looks: a page that is not full may have more after it. */
    search(query: MessagesQuery): Promise<Searched>
    message(query: {
      readonly id: MessageId
    }): Promise<(MessageView & { readonly queues: readonly QueueRow[] }) | null>
    /** `n` is one of its deliveries; absent, all are explained. `null` when there is no such message or delivery. */
    explain(query: { readonly id: MessageId; readonly n?: number }): Promise<Explained | null>
    change(query: {
      readonly filter: DeliveryFilter
      readonly change: Change
      readonly reason: string
    }): Promise<Changed>
    /** @throws {OperationError} `refused` with the reply's words */
    send(request: SendRequest): Promise<{ readonly id: MessageId }>
    domains(): Promise<readonly Domain[]>
    domainAdd(query: { readonly name: string; readonly organization: string }): Promise<DomainView>
    /** With its keys, as it was; `null` when there is none. `organization`: only a claim of that one. */
    domainRemove(query: { readonly name: string; readonly organization?: string }): Promise<Domain | null>
    domainShow(query: { readonly name: string }): Promise<DomainView | null>
    /** Asks the DNS anew, from where the node is, and keeps what it finds. */
    domainVerify(query: { readonly name: string }): Promise<Verification | null>
    /** New keys beside those that sign, unless some wait to be activated already. */
    dkimRotate(query: { readonly name: string }): Promise<DomainView | null>
    /**
     * The keys that wait sign from now on, those that signed are retired.
     * @throws {OperationError} `refused` when the DNS does not show them all, unless `force`; `invalid` when none waits
     */
    dkimActivate(query: { readonly name: string; readonly force: boolean }): Promise<DomainView | null>
    credentials(): Promise<readonly Credential[]>
    /** The password is in the answer and nowhere else, ever. An organization that is new is made. */
    credentialAdd(query: {
      readonly organization: string
      readonly stream: string
      readonly note: string
    }): Promise<{ readonly credential: Credential; readonly password: string }>
    /** `null` when there is no such login that is valid. */
    credentialRevoke(query: { readonly login: string }): Promise<Credential | null>
    /** Of all organizations, oldest first. */
    apiKeys(): Promise<readonly ApiKey[]>
    /** The token is in the answer and nowhere else, ever. An organization that is new is made. */
    apiKeyAdd(query: NewApiKey): Promise<{ readonly key: ApiKey; readonly token: string }>
    /** `null` when there is no such key that is valid. */
    apiKeyRevoke(query: { readonly id: string }): Promise<ApiKey | null>
    /** The newest first; without an organization those of the whole installation too. */
    audit(query: AuditQuery): Promise<readonly Entry[]>
    /** Of all organizations. */
    users(): Promise<readonly Member[]>
    /**
     * Works once, for a day. An organization that is new is made.
     * @throws {OperationError} `refused` when the API is not served
     */
    ownerLink(query: {
      readonly organization: string
    }): Promise<{ readonly organization: string; readonly url: string }>
    /** Newest first. */
    suppressions(query: SuppressionQuery): Promise<readonly Suppression[]>
    /** Of one recipient: also those that no longer hold. */
    suppressionShow(query: {
      readonly organization: string
      readonly address: string
    }): Promise<readonly Suppression[]>
    /** All or none, `LIST_LIMIT` at most. @throws {OperationError} `invalid` */
    suppressionAdd(query: { readonly rows: readonly NewSuppression[] }): Promise<readonly Suppression[]>
    /** Gives those that held until now. `stream` absent: of all streams. */
    suppressionRemove(query: {
      readonly organization: string
      readonly stream?: string
      readonly address: string
      readonly why: string
    }): Promise<readonly Suppression[]>
    /** What others reported of a domain and those below it, the latest first. */
    domainReports(query: ReportQuery): Promise<readonly ReportRow[]>
    domainReport(query: { readonly id: string }): Promise<KeptReport | null>
    /** Mail for the postmaster that nobody else gets, the newest first. */
    postmasterMails(query: KeptQuery): Promise<readonly KeptMail[]>
    postmasterMail(query: { readonly id: string }): Promise<KeptMailView | null>
    /** Gives those that were there. */
    postmasterRemove(query: { readonly ids: readonly string[] }): Promise<readonly KeptMail[]>
    /** What deliveries, late bounces and complaints taught of their recipients, as far back as there are records. */
    experiences(query: {
      readonly organization: string
      readonly after?: DeliveryKey
      readonly limit: number
    }): Promise<PastPage>
    /** The newest first. */
    tlsReports(query: { readonly limit: number }): Promise<readonly TlsReportRow[]>
    tlsReport(query: { readonly id: string }): Promise<TlsReportView | null>
    tlsPolicies(query: { readonly limit: number }): Promise<readonly TlsPolicyRow[]>
    /** Hosts that get mail in clear because their TLS does not work. */
    brokenTls(): Promise<readonly BrokenRow[]>
    /** What block lists and PTR records say of our addresses, the worst first; empty when no process runs. */
    reputation(): Promise<readonly Standing[]>
    /** What became of mail, by source and group of receivers. */
    rates(query: { readonly span: Span }): Promise<RatesView>
    /** All that are configured, with what is known of each; of a node that does not run no warm-ups and no standings. */
    sources(): Promise<readonly SourceView[]>
    /** What replies have set off, and what has not ended; the latest first. */
    reactions(): Promise<readonly Live[]>
    /** Ends one before its time; `null` when there is none of this id. */
    reactionCancel(query: { readonly id: string }): Promise<Live | null>
    /** Ends one so many milliseconds later than it would; `null` when there is none of this id. */
    reactionExtend(query: { readonly id: string; readonly by: number }): Promise<Live | null>
    /** Of sources that are warmed up, by group of receivers. */
    warmUps(): Promise<readonly WarmUpState[]>
    /** Another step, from 1, or the end; `null` when the source is not warmed up or there is no such provider. */
    warmUpSet(query: {
      readonly source: string
      readonly provider: string
      /** Absent: it is over. */
      readonly step?: number
    }): Promise<WarmUpState | null>
    /** The log, oldest first. @throws {OperationError} `invalid` when `after` is no place in a log */
    events(query: EventQuery): Promise<Events>
    /** Sums that were kept with what they count. @throws {OperationError} `invalid` when the keys do not go together */
    counts(query: CountQuery): Promise<readonly CountRow[]>
    /** Reads configuration, shaping rules and certificates again. */
    reload(): Promise<Reloaded>
  }
