/* oxlint-disable max-lines -- made whole, read by the name */
/** Made by `npm run documents -- --write` from the description of the API: change that. */

export type ProblemCode = Problem['code']

export type AcceptInvitationAnswer = {
  readonly organization: string
  readonly email: string
}

export type AcceptInvitationBody = {
  readonly token: string
  readonly name: string
  /** In which we write to them. */
  readonly language?: 'en' | 'ja' | undefined
  readonly password: string
}

export type ActivateDkimBody = {
  /** Although the DNS does not show them. */
  readonly force?: boolean | undefined
}

export type AddApiKeyAnswer = {
  readonly id: string
  readonly stream: string
  readonly note: string
  readonly scopes: readonly (
    | 'messages:send'
    | 'messages:read'
    | 'messages:write'
    | 'suppressions:read'
    | 'suppressions:write'
    | 'events:read'
    | 'statistics:read'
    | 'domains:read'
    | 'domains:write'
    | 'webhooks:read'
    | 'webhooks:write'
    | 'templates:read'
    | 'templates:write'
    | 'accounts:read'
    | 'accounts:write'
    | 'users:read'
    | 'users:write'
    | 'audit:read'
    | 'operator:read'
    | 'operator:write'
  )[]
  readonly networks: readonly string[]
  readonly created_at: string
  readonly expires_at?: string | undefined
  readonly revoked_at?: string | undefined
  readonly used_at?: string | undefined
  readonly token: string
}

export type AddApiKeyBody = {
  /** Where messages go that name no stream. */
  readonly stream?: string | undefined
  readonly note?: string | undefined
  readonly scopes: readonly (
    | 'messages:send'
    | 'messages:read'
    | 'messages:write'
    | 'suppressions:read'
    | 'suppressions:write'
    | 'events:read'
    | 'statistics:read'
    | 'domains:read'
    | 'domains:write'
    | 'webhooks:read'
    | 'webhooks:write'
    | 'templates:read'
    | 'templates:write'
    | 'accounts:read'
    | 'accounts:write'
    | 'users:read'
    | 'users:write'
    | 'audit:read'
    | 'operator:read'
    | 'operator:write'
  )[]
  /** CIDR; empty: from everywhere. */
  readonly networks?: readonly string[] | undefined
  readonly expires_at?: string | undefined
}

export type AddCredentialAnswer = {
  readonly login: string
  readonly stream: string
  readonly note: string
  readonly created_at: string
  readonly revoked_at?: string | undefined
  readonly used_at?: string | undefined
  readonly password: string
}

export type AddCredentialBody = {
  readonly stream?: string | undefined
  readonly note?: string | undefined
}

export type AddDomainBody = {
  /** In any form: 例え.jp as well. */
  readonly domain: string
  /** For operators: it is the organization’s, and no record has to show it. */
  readonly vouched?: boolean | undefined
}

export type AddInvitationBody = {
  readonly email: string
  readonly role: 'owner' | 'admin' | 'developer' | 'marketer' | 'analyst' | 'read-only'
  /** In which we write to them. */
  readonly language?: 'en' | 'ja' | undefined
}

export type AddPasskeyBody = {
  readonly name: string
  /** What navigator.credentials.create() gave, by its toJSON(). */
  readonly credential: {
    readonly id: string
    readonly rawId: string
    readonly type: 'public-key'
    readonly response: {
      readonly clientDataJSON: string
      readonly attestationObject: string
    }
  }
}

export type AddSuppressionsAnswer = {
  readonly data: readonly Suppression[]
}

export type AddSuppressionsBody = {
  readonly suppressions: readonly {
    readonly recipient: string
    /** `*` is every stream. */
    readonly stream?: string | undefined
    readonly reason?:
      | 'bounce'
      | 'soft-bounces'
      | 'complaint'
      | 'unsubscribe'
      | 'manual'
      | 'import'
      | undefined
    readonly evidence?: string | undefined
    readonly expires_at?: string | undefined
  }[]
}

export type AddTemplateBody = {
  /** Lower-case letters, digits, dots, hyphens, underscores. */
  readonly name: string
  readonly subject: string
  readonly text?: string | undefined
  readonly html?: string | undefined
  /** More header fields, such as `X-Order` or `In-Reply-To`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** For people. */
  readonly note?: string | undefined
}

export type AddTotpAnswer = {
  readonly secret: string
  readonly uri: string
}

export type AddWebhookAnswer = {
  readonly id: string
  readonly url: string
  readonly note: string
  /** Empty: all. */
  readonly kinds: readonly (
    | 'accepted'
    | 'suppressed'
    | 'held'
    | 'released'
    | 'deferred'
    | 'delivered'
    | 'bounced'
    | 'expired'
    | 'cancelled'
    | 'opened'
    | 'clicked'
    | 'complained'
    | 'unsubscribed'
    | 'reaction-started'
    | 'reaction-extended'
    | 'reaction-ended'
    | 'warm-up-step'
    | 'quota-near'
    | 'quota-reached'
    | 'domain-status'
    | 'alert-started'
    | 'alert-ended'
  )[]
  /** `*` is every stream, and what is of none. */
  readonly stream: string
  readonly state: 'active' | 'failing' | 'paused'
  /** Of failing and paused. */
  readonly since?: string | undefined
  /** One after the other. */
  readonly failures?: number | undefined
  readonly next_attempt_at?: string | undefined
  /** It is paused. */
  readonly why?: string | undefined
  readonly created_at: string
  readonly old_secret_until?: string | undefined
  /** Shown now and never again. */
  readonly secret: string
}

export type AddWebhookBody = {
  /** Of https:, on any port. */
  readonly url: string
  /** Empty: all. */
  readonly kinds?:
    | readonly (
        | 'accepted'
        | 'suppressed'
        | 'held'
        | 'released'
        | 'deferred'
        | 'delivered'
        | 'bounced'
        | 'expired'
        | 'cancelled'
        | 'opened'
        | 'clicked'
        | 'complained'
        | 'unsubscribed'
        | 'reaction-started'
        | 'reaction-extended'
        | 'reaction-ended'
        | 'warm-up-step'
        | 'quota-near'
        | 'quota-reached'
        | 'domain-status'
        | 'alert-started'
        | 'alert-ended'
      )[]
    | undefined
  /** `*` is every stream, and what is of none. */
  readonly stream?: string | undefined
  readonly note?: string | undefined
  /** Also what was written down since. Default: now. */
  readonly since?: string | undefined
}

export type ApiKey = {
  readonly id: string
  readonly stream: string
  readonly note: string
  readonly scopes: readonly (
    | 'messages:send'
    | 'messages:read'
    | 'messages:write'
    | 'suppressions:read'
    | 'suppressions:write'
    | 'events:read'
    | 'statistics:read'
    | 'domains:read'
    | 'domains:write'
    | 'webhooks:read'
    | 'webhooks:write'
    | 'templates:read'
    | 'templates:write'
    | 'accounts:read'
    | 'accounts:write'
    | 'users:read'
    | 'users:write'
    | 'audit:read'
    | 'operator:read'
    | 'operator:write'
  )[]
  readonly networks: readonly string[]
  readonly created_at: string
  readonly expires_at?: string | undefined
  readonly revoked_at?: string | undefined
  readonly used_at?: string | undefined
}

export type AskPasswordResetAnswer = Readonly<Record<string, unknown>>

export type AskPasswordResetBody = {
  readonly email: string
}

export type AuditEntry = {
  readonly id: string
  readonly at: string
  /** A user’s address, an API key, or the operator of the machine. */
  readonly actor: string
  /** That it was done from; `local` on the machine itself. */
  readonly address: string
  readonly action: string
  readonly subject: string
  readonly before?: unknown
  /** What was asked for, without secrets. */
  readonly after?: unknown
}

export type AuditEntryPage = {
  readonly data: readonly AuditEntry[]
  readonly next: string | null
}

export type Batch = {
  /** `user@example.com`, `Name <user@example.com>`, or an object of `email` and `name`. */
  readonly from:
    | string
    | {
        readonly email: string
        readonly name?: string | undefined
      }
  readonly reply_to?:
    | string
    | {
        readonly email: string
        readonly name?: string | undefined
      }
    | readonly (
        | string
        | {
            readonly email: string
            readonly name?: string | undefined
          }
      )[]
    | undefined
  /** Lower-case letters, digits, dots, hyphens, underscores. */
  readonly template?: string | undefined
  /** A template in Liquid, such as `Dear {{ name }}`. Required unless `template` names one. */
  readonly subject?: string | undefined
  /** A template in Liquid, such as `Dear {{ name }}`. */
  readonly text?: string | undefined
  /** A template in Liquid, such as `Dear {{ name }}`. What variables bring is escaped, unless it says `| raw`. */
  readonly html?: string | undefined
  /** More header fields, such as `X-Order` or `In-Reply-To`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly attachments?:
    | readonly {
        readonly name: string
        /** Its media type; `application/octet-stream` when absent. */
        readonly type?: string | undefined
        /** Base64. */
        readonly content: string
        /** Shows it inside the HTML, where that says `cid:` and this. */
        readonly content_id?: string | undefined
      }[]
    | undefined
  /** Which stream it belongs to; that of the API key when absent. */
  readonly stream?: string | undefined
  /** When it is to be sent: at once when absent, a year ahead at most. RFC 3339. */
  readonly send_at?: string | undefined
  /** Of the text and the header section. */
  readonly charset?: 'utf-8' | 'iso-2022-jp' | undefined
  /** What becomes of a message with characters that `iso-2022-jp` has not. */
  readonly charset_fallback?: 'refuse' | 'utf-8' | undefined
  /** What mail is told apart by: in events, statistics and when it is looked for. */
  readonly tags?: readonly string[] | undefined
  /** Told again with each event; 10000 octets in all. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** What is told of HTML of this message, whatever its stream says. See docs/tracking.md. */
  readonly tracking?:
    | {
        readonly opens?: boolean | undefined
        readonly clicks?: boolean | undefined
      }
    | undefined
  readonly recipients: readonly LetterRecipient[]
}

export type BatchAccepted = {
  /** Of the message; absent when nobody is sent to. */
  readonly id?: string | undefined
  /** In the order of the request. */
  readonly recipients: readonly RecipientFate[]
}

export type BecomeOwnerAnswer = {
  readonly organization: string
  readonly email: string
}

export type BecomeOwnerBody = {
  readonly token: string
  readonly email: string
  readonly name: string
  /** In which we write to them. */
  readonly language?: 'en' | 'ja' | undefined
  readonly password: string
}

export type BeginOidcSignInBody = {
  readonly provider: string
  readonly organization?: string | undefined
}

export type BeginPasskeyBody = {
  readonly password?: string | undefined
}

export type BeginPasskeySignInBody = Readonly<Record<string, never>>

export type BounceClass = {
  readonly class: string
  /** `hard`: the address will never take mail; `soft`: it may; `none`: no failure. */
  readonly type: 'hard' | 'soft' | 'none'
  readonly ja: {
    readonly what: string
    readonly todo: string
  }
  readonly en: {
    readonly what: string
    readonly todo: string
  }
}

export type BrokenTls = {
  readonly host: string
  readonly since: string
  readonly until: string
  readonly why: string
}

export type CancelMessageAnswer = {
  /** Deliveries. */
  readonly changed: number
}

export type ChangeDeliveriesAnswer = {
  /** Deliveries. */
  readonly changed: number
}

export type ChangeDeliveriesBody = {
  readonly change: 'hold' | 'release' | 'cancel' | 'retry'
  /** An address, or `@domain` for all of one. */
  readonly recipient?: string | undefined
  /** The reverse-path. */
  readonly from?: string | undefined
  readonly stream?: string | undefined
  readonly state?:
    | 'waiting'
    | 'active'
    | 'held'
    | 'delivered'
    | 'bounced'
    | 'expired'
    | 'cancelled'
    | undefined
}

export type ChangePasskeyBody = {
  readonly name: string
}

export type ChangePasswordBody = {
  readonly password: string
  readonly new_password: string
}

export type ChangeTemplateBody = {
  readonly subject: string
  readonly text?: string | undefined
  readonly html?: string | undefined
  /** More header fields, such as `X-Order` or `In-Reply-To`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** For people. */
  readonly note?: string | undefined
}

export type ChangeUserBody = {
  readonly role: 'owner' | 'admin' | 'developer' | 'marketer' | 'analyst' | 'read-only'
}

export type ChangeWebhookBody = {
  /** Of https:, on any port. */
  readonly url?: string | undefined
  /** Empty: all. */
  readonly kinds?:
    | readonly (
        | 'accepted'
        | 'suppressed'
        | 'held'
        | 'released'
        | 'deferred'
        | 'delivered'
        | 'bounced'
        | 'expired'
        | 'cancelled'
        | 'opened'
        | 'clicked'
        | 'complained'
        | 'unsubscribed'
        | 'reaction-started'
        | 'reaction-extended'
        | 'reaction-ended'
        | 'warm-up-step'
        | 'quota-near'
        | 'quota-reached'
        | 'domain-status'
        | 'alert-started'
        | 'alert-ended'
      )[]
    | undefined
  /** `*` is every stream, and what is of none. */
  readonly stream?: string | undefined
  readonly note?: string | undefined
}

export type ConfirmTotpAnswer = {
  /** For when the app is lost; each opens once. Here and nowhere else, ever. */
  readonly recovery_codes: readonly string[]
}

export type ConfirmTotpBody = {
  /** Of the app, or one on paper. */
  readonly code: string
}

export type Credential = {
  readonly login: string
  readonly stream: string
  readonly note: string
  readonly created_at: string
  readonly revoked_at?: string | undefined
  readonly used_at?: string | undefined
}

export type Delivery = {
  /** The message and the place of the recipient in it: `0sa94xg7r00.0`. */
  readonly id: string
  readonly message: string
  readonly recipient: string
  readonly state: 'waiting' | 'active' | 'held' | 'delivered' | 'bounced' | 'expired' | 'cancelled'
  readonly stream: string
  /** The reverse-path; `<>` is the null one. */
  readonly from: string
  readonly subject?: string | undefined
  readonly tags?: readonly string[] | undefined
  readonly accepted_at: string
  readonly next_attempt_at?: string | undefined
  readonly ended_at?: string | undefined
  readonly attempts: number
  readonly last_reply?: string | undefined
}

export type DeliveryPage = {
  readonly data: readonly Delivery[]
  readonly next: string | null
}

export type DkimKey = {
  readonly selector: string
  readonly algorithm: string
  /** `published`: to be put into the DNS, signs nothing yet; `retired`: its record stays a while. */
  readonly state: 'published' | 'active' | 'retired'
  readonly created_at: string
  readonly since: string
  readonly removable_at?: string | undefined
}

export type DnsRecord = {
  readonly name: string
  readonly type: 'TXT' | 'MX' | 'CNAME'
  readonly value: string
  readonly purpose:
    | 'ownership'
    | 'dkim'
    | 'spf'
    | 'dmarc'
    | 'return-path'
    | 'tracking'
    | 'dmarc-reports'
    | 'tls-reports'
  /** Without it large receivers refuse mail. */
  readonly required: boolean
  /** Who can publish it. */
  readonly by: 'owner' | 'operator'
  /** `unknown`: the DNS gave no answer. */
  readonly status: 'unchecked' | 'ok' | 'missing' | 'wrong' | 'unknown'
  /** What is there instead. */
  readonly found?: readonly string[] | undefined
  readonly why?: string | undefined
  readonly keep_until?: string | undefined
}

export type Domain = {
  /** In A-labels. */
  readonly domain: string
  /** Mail may be sent from a verified one. */
  readonly status: 'unverified' | 'verified'
  /** The operator said whose it is: no record has to show it. */
  readonly vouched: boolean
  /** Whether the records that receivers need are there; `broken`: they were. */
  readonly dns: 'unchecked' | 'incomplete' | 'good' | 'broken'
  readonly created_at: string
  readonly verified_at?: string | undefined
  readonly checked_at?: string | undefined
}

export type DomainDetail = {
  /** In A-labels. */
  readonly domain: string
  /** Mail may be sent from a verified one. */
  readonly status: 'unverified' | 'verified'
  /** The operator said whose it is: no record has to show it. */
  readonly vouched: boolean
  /** Whether the records that receivers need are there; `broken`: they were. */
  readonly dns: 'unchecked' | 'incomplete' | 'good' | 'broken'
  readonly created_at: string
  readonly verified_at?: string | undefined
  readonly checked_at?: string | undefined
  readonly records: readonly DnsRecord[]
  readonly keys: readonly DkimKey[]
}

export type DomainReport = {
  readonly id: string
  readonly kind: 'dmarc' | 'tls'
  readonly domain: string
  /** Who reports, in the reporter’s words. */
  readonly reporter: string
  readonly report: string
  readonly from: string
  readonly until: string
  /** Messages that passed DMARC, or sessions with TLS. */
  readonly good: number
  readonly bad: number
  readonly received_at: string
  /** The host that brought it: anybody can write a report. */
  readonly client: string
  readonly sender: string
}

export type DomainReportPage = {
  readonly data: readonly DomainReport[]
  readonly next: string | null
}

export type DownloadDeliveriesParams = {
  /** An address, or `@domain` for all of one. */
  readonly recipient?: string | undefined
  /** Somewhere in the subject; `a` to `z` are the same as capitals. */
  readonly subject?: string | undefined
  readonly tag?: string | undefined
  readonly state?:
    | 'waiting'
    | 'active'
    | 'held'
    | 'delivered'
    | 'bounced'
    | 'expired'
    | 'cancelled'
    | undefined
  /** Why it was not taken, at the last attempt or as it came back. */
  readonly class?: string | undefined
  readonly stream?: string | undefined
  /** The reverse-path. */
  readonly from?: string | undefined
  /** Messages that came in then or later. */
  readonly since?: string | undefined
  /** And before then. */
  readonly until?: string | undefined
  readonly charset?: 'utf-8' | 'shift_jis' | undefined
}

export type DownloadStatisticsParams = {
  /** Of hour, day, stream, source, provider, class, domain, sender, tag; several with commas. domain, sender and tag are kept by the day in UTC, and go neither with each other nor with hour, source and provider. */
  readonly by?: string | undefined
  /** Hours and days that begin then or later. Default: 30 days ago. */
  readonly from?: string | undefined
  /** And before then. Default: now. */
  readonly to?: string | undefined
  /** Minutes east of UTC at which a day begins: 540 in Japan. */
  readonly zone?: number | undefined
  readonly stream?: string | undefined
  readonly source?: string | undefined
  readonly provider?: string | undefined
  readonly domain?: string | undefined
  readonly sender?: string | undefined
  readonly tag?: string | undefined
  readonly charset?: 'utf-8' | 'shift_jis' | undefined
}

export type Event = {
  readonly id: string
  readonly kind:
    | 'accepted'
    | 'suppressed'
    | 'held'
    | 'released'
    | 'deferred'
    | 'delivered'
    | 'bounced'
    | 'expired'
    | 'cancelled'
    | 'opened'
    | 'clicked'
    | 'complained'
    | 'unsubscribed'
    | 'reaction-started'
    | 'reaction-extended'
    | 'reaction-ended'
    | 'warm-up-step'
    | 'quota-near'
    | 'quota-reached'
    | 'domain-status'
    | 'alert-started'
    | 'alert-ended'
  readonly time: string
  readonly stream?: string | undefined
  readonly message?: string | undefined
  readonly delivery?: string | undefined
  /** The reverse-path; `<>` is the null one. */
  readonly from?: string | undefined
  readonly recipient?: string | undefined
  readonly attempts?: number | undefined
  readonly tags?: readonly string[] | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly reason?: string | undefined
  /** Given back by a host that had taken it. */
  readonly late?: boolean | undefined
  /** The first open or click of its delivery by anybody but a machine. */
  readonly first?: boolean | undefined
  readonly attempt?:
    | {
        readonly host?: string | undefined
        /** RFC 3463 */
        readonly status?: string | undefined
        readonly text: string
        readonly class?: string | undefined
        readonly type?: 'hard' | 'soft' | 'none' | undefined
        readonly duration_ms: number
        readonly source: string
        readonly site: string
        readonly provider?: string | undefined
        readonly address?: string | undefined
        readonly tls?: string | undefined
        readonly stage?: string | undefined
        readonly code?: number | undefined
      }
    | undefined
  /** What came back about it. */
  readonly report?:
    | {
        readonly host?: string | undefined
        /** RFC 3463 */
        readonly status?: string | undefined
        readonly text: string
        readonly class?: string | undefined
        readonly type?: 'hard' | 'soft' | 'none' | undefined
      }
    | undefined
  readonly data?: Readonly<Record<string, string | number | boolean>> | undefined
}

export type EventPage = {
  readonly data: readonly Event[]
  /** Where to go on: later, as well, when there is more. */
  readonly next: string
  /** Whether there was more then. A page may have no event and more after it. */
  readonly more: boolean
}

export type ExplainMessageAnswer = {
  readonly data: readonly Explanation[]
}

export type Explanation = {
  readonly delivery: string
  readonly state: 'waiting' | 'active' | 'held' | 'delivered' | 'bounced' | 'expired' | 'cancelled'
  readonly reasons: readonly {
    readonly what: string
    /** By the receiver; empty when nothing was. */
    readonly said: string
    readonly meaning: string
    readonly until: string
    /** What would change it. */
    readonly change: string
    /** The same as data. */
    readonly data: unknown
  }[]
}

export type ExportAuditParams = {
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly from?: string | undefined
  /** Not included. */
  readonly to?: string | undefined
}

export type ExportDeliveriesParams = {
  /** An address, or `@domain` for all of one. */
  readonly recipient?: string | undefined
  /** Somewhere in the subject; `a` to `z` are the same as capitals. */
  readonly subject?: string | undefined
  readonly tag?: string | undefined
  readonly state?:
    | 'waiting'
    | 'active'
    | 'held'
    | 'delivered'
    | 'bounced'
    | 'expired'
    | 'cancelled'
    | undefined
  /** Why it was not taken, at the last attempt or as it came back. */
  readonly class?: string | undefined
  readonly stream?: string | undefined
  /** The reverse-path. */
  readonly from?: string | undefined
  /** Messages that came in then or later. */
  readonly since?: string | undefined
  /** And before then. */
  readonly until?: string | undefined
}

export type Finding = {
  readonly level: 'ok' | 'warning' | 'problem' | 'skipped'
  readonly check: string
  readonly text: string
  readonly advice?: string | undefined
  readonly publish?:
    | {
        readonly name: string
        readonly type: string
        readonly value: string
      }
    | undefined
}

export type FollowEventsParams = {
  /** Of accepted, suppressed, held, released, deferred, delivered, bounced, expired, cancelled, opened, clicked, complained, unsubscribed, reaction-started, reaction-extended, reaction-ended, warm-up-step, quota-near, quota-reached, domain-status, alert-started, alert-ended; several with commas. */
  readonly kind?: string | undefined
  readonly stream?: string | undefined
  /** An address, or `@domain` for all of one. */
  readonly recipient?: string | undefined
  readonly message?: string | undefined
  /** The `next` of an earlier answer. */
  readonly cursor?: string | undefined
  readonly since?: string | undefined
}

export type HoldMessageAnswer = {
  /** Deliveries. */
  readonly changed: number
}

export type Identity = {
  readonly id: string
  /** Of the provider. */
  readonly issuer: string
  readonly created_at: string
  readonly used_at?: string | undefined
}

export type ImportSuppressionsAnswer = {
  readonly suppressed: number
  readonly dry_run: boolean
}

export type ImportSuppressionsQuery = {
  /** `*` is every stream. */
  readonly stream?: string | undefined
  readonly reason?: 'bounce' | 'soft-bounces' | 'complaint' | 'unsubscribe' | 'manual' | 'import' | undefined
  /** Only say how many there would be. */
  readonly dry_run?: boolean | undefined
}

export type Invitation = {
  readonly id: string
  readonly email: string
  readonly role: 'owner' | 'admin' | 'developer' | 'marketer' | 'analyst' | 'read-only'
  readonly invited_by: string
  readonly created_at: string
  readonly expires_at: string
}

export type JoinInvitationAnswer = {
  readonly organization: string
  readonly email: string
}

export type JoinInvitationBody = {
  readonly token: string
}

export type KeptMail = {
  readonly id: string
  readonly received_at: string
  readonly client: string
  readonly sender: string
  readonly recipient: string
  readonly author: string
  readonly subject: string
  readonly size: number
}

export type LetterRecipient = {
  /** `user@example.com`, `Name <user@example.com>`, or an object of `email` and `name`. */
  readonly to:
    | string
    | {
        readonly email: string
        readonly name?: string | undefined
      }
  /** What the template is filled in with: texts, numbers, lists, objects. What it has not is empty. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined
}

export type LinkIdentityBody = {
  readonly provider: string
  readonly password?: string | undefined
}

export type ListApiKeysAnswer = {
  readonly data: readonly ApiKey[]
}

export type ListAuditParams = {
  /** Rows of a page. */
  readonly limit?: number | undefined
  /** The `next` of the page before; absent for the first. */
  readonly cursor?: string | undefined
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly from?: string | undefined
  /** Not included. */
  readonly to?: string | undefined
}

export type ListBounceClassesAnswer = {
  readonly data: readonly BounceClass[]
}

export type ListCredentialsAnswer = {
  readonly data: readonly Credential[]
}

export type ListDeliveriesParams = {
  /** Rows of a page. */
  readonly limit?: number | undefined
  /** The `next` of the page before; absent for the first. */
  readonly cursor?: string | undefined
  /** An address, or `@domain` for all of one. */
  readonly recipient?: string | undefined
  /** Somewhere in the subject; `a` to `z` are the same as capitals. */
  readonly subject?: string | undefined
  readonly tag?: string | undefined
  readonly state?:
    | 'waiting'
    | 'active'
    | 'held'
    | 'delivered'
    | 'bounced'
    | 'expired'
    | 'cancelled'
    | undefined
  /** Why it was not taken, at the last attempt or as it came back. */
  readonly class?: string | undefined
  readonly stream?: string | undefined
  /** The reverse-path. */
  readonly from?: string | undefined
  /** Messages that came in then or later. */
  readonly since?: string | undefined
  /** And before then. */
  readonly until?: string | undefined
}

export type ListDomainReportsParams = {
  readonly domain: string
  /** Rows of a page. */
  readonly limit?: number | undefined
  /** The `next` of the page before; absent for the first. */
  readonly cursor?: string | undefined
  readonly kind?: 'dmarc' | 'tls' | undefined
}

export type ListDomainsAnswer = {
  readonly data: readonly Domain[]
}

export type ListEventsParams = {
  /** Of accepted, suppressed, held, released, deferred, delivered, bounced, expired, cancelled, opened, clicked, complained, unsubscribed, reaction-started, reaction-extended, reaction-ended, warm-up-step, quota-near, quota-reached, domain-status, alert-started, alert-ended; several with commas. */
  readonly kind?: string | undefined
  readonly stream?: string | undefined
  /** An address, or `@domain` for all of one. */
  readonly recipient?: string | undefined
  readonly message?: string | undefined
  /** Rows of a page. */
  readonly limit?: number | undefined
  /** The `next` of an earlier answer. */
  readonly cursor?: string | undefined
  /** Without a cursor: nothing written down before. */
  readonly since?: string | undefined
  readonly until?: string | undefined
}

export type ListIdentitiesAnswer = {
  readonly data: readonly Identity[]
}

export type ListInvitationsAnswer = {
  readonly data: readonly Invitation[]
}

export type ListPasskeysAnswer = {
  readonly data: readonly Passkey[]
}

export type ListQueuesAnswer = {
  readonly data: readonly Queue[]
  /** How many there are. */
  readonly queues: number
  /** That wait in all of them. */
  readonly deliveries: number
}

export type ListQuotasAnswer = {
  readonly data: readonly Quota[]
}

export type ListSessionsAnswer = {
  readonly data: readonly Session[]
}

export type ListStreamsAnswer = {
  readonly data: readonly Stream[]
}

export type ListSuppressionsParams = {
  /** Rows of a page. */
  readonly limit?: number | undefined
  /** The `next` of the page before; absent for the first. */
  readonly cursor?: string | undefined
  /** Addresses that contain this. */
  readonly recipient?: string | undefined
  /** `*` is every stream. */
  readonly stream?: string | undefined
  readonly reason?: 'bounce' | 'soft-bounces' | 'complaint' | 'unsubscribe' | 'manual' | 'import' | undefined
  /** Also those that hold no longer. */
  readonly all?: boolean | undefined
}

export type ListTemplateVersionsAnswer = {
  readonly data: readonly {
    readonly version: number
    readonly created_at: string
  }[]
}

export type ListTemplatesParams = {
  /** Rows of a page. */
  readonly limit?: number | undefined
  /** The `next` of the page before; absent for the first. */
  readonly cursor?: string | undefined
}

export type ListUsersAnswer = {
  readonly data: readonly User[]
}

export type ListWebhookAttemptsParams = {
  readonly id: string
  /** Rows of a page. */
  readonly limit?: number | undefined
  /** The `next` of the page before; absent for the first. */
  readonly cursor?: string | undefined
}

export type ListWebhooksAnswer = {
  readonly data: readonly Webhook[]
}

export type Message = {
  /** `user@example.com`, `Name <user@example.com>`, or an object of `email` and `name`. */
  readonly from:
    | string
    | {
        readonly email: string
        readonly name?: string | undefined
      }
  readonly to:
    | string
    | {
        readonly email: string
        readonly name?: string | undefined
      }
    | readonly (
        | string
        | {
            readonly email: string
            readonly name?: string | undefined
          }
      )[]
  readonly cc?:
    | string
    | {
        readonly email: string
        readonly name?: string | undefined
      }
    | readonly (
        | string
        | {
            readonly email: string
            readonly name?: string | undefined
          }
      )[]
    | undefined
  readonly bcc?:
    | string
    | {
        readonly email: string
        readonly name?: string | undefined
      }
    | readonly (
        | string
        | {
            readonly email: string
            readonly name?: string | undefined
          }
      )[]
    | undefined
  readonly reply_to?:
    | string
    | {
        readonly email: string
        readonly name?: string | undefined
      }
    | readonly (
        | string
        | {
            readonly email: string
            readonly name?: string | undefined
          }
      )[]
    | undefined
  /** Lower-case letters, digits, dots, hyphens, underscores. */
  readonly template?: string | undefined
  /** What the template is filled in with: texts, numbers, lists, objects. What it has not is empty. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined
  /** Required unless a template says it. */
  readonly subject?: string | undefined
  readonly text?: string | undefined
  readonly html?: string | undefined
  /** More header fields, such as `X-Order` or `In-Reply-To`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly attachments?:
    | readonly {
        readonly name: string
        /** Its media type; `application/octet-stream` when absent. */
        readonly type?: string | undefined
        /** Base64. */
        readonly content: string
        /** Shows it inside the HTML, where that says `cid:` and this. */
        readonly content_id?: string | undefined
      }[]
    | undefined
  /** Which stream it belongs to; that of the API key when absent. */
  readonly stream?: string | undefined
  /** When it is to be sent: at once when absent, a year ahead at most. RFC 3339. */
  readonly send_at?: string | undefined
  /** What mail is told apart by: in events, statistics and when it is looked for. */
  readonly tags?: readonly string[] | undefined
  /** Told again with each event; 10000 octets in all. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** What is told of HTML of this message, whatever its stream says. See docs/tracking.md. */
  readonly tracking?:
    | {
        readonly opens?: boolean | undefined
        readonly clicks?: boolean | undefined
      }
    | undefined
  /** Of the text and the header section. */
  readonly charset?: 'utf-8' | 'iso-2022-jp' | undefined
  /** What becomes of a message with characters that `iso-2022-jp` has not. */
  readonly charset_fallback?: 'refuse' | 'utf-8' | undefined
}

export type MessageAccepted = {
  /** Of the message, for everything that is asked about it later. */
  readonly id: string
  readonly recipients: readonly {
    readonly email: string
    readonly status: 'queued' | 'suppressed'
    /** Why it is not sent to. */
    readonly detail?: string | undefined
  }[]
}

export type MessageWithDeliveries = {
  readonly id: string
  readonly stream: string
  readonly from: string
  readonly subject?: string | undefined
  readonly tags?: readonly string[] | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly accepted_at: string
  readonly expires_at: string
  readonly size: number
  readonly door: string
  readonly deliveries: readonly {
    /** The message and the place of the recipient in it: `0sa94xg7r00.0`. */
    readonly id: string
    readonly message: string
    readonly recipient: string
    readonly state: 'waiting' | 'active' | 'held' | 'delivered' | 'bounced' | 'expired' | 'cancelled'
    readonly stream: string
    /** The reverse-path; `<>` is the null one. */
    readonly from: string
    readonly subject?: string | undefined
    readonly tags?: readonly string[] | undefined
    readonly accepted_at: string
    readonly next_attempt_at?: string | undefined
    readonly ended_at?: string | undefined
    readonly attempts: number
    readonly last_reply?: string | undefined
    readonly timeline: readonly Step[]
  }[]
}

export type MoveSessionBody = {
  readonly organization: string
}

export type NodeStatus = {
  readonly version: string
  readonly pid: number
  readonly started_at: string
  readonly node: string
  readonly listeners: readonly {
    readonly name: string
    readonly address: string
    readonly port: number
  }[]
  readonly accepting: boolean
  /** Why nothing is taken. */
  readonly refusal?: string | undefined
  readonly waiting: number
  readonly on_wire: number
  readonly held: number
}

export type OperatorAddOrganizationBody = {
  readonly name: string
}

export type OperatorAuditAnswer = {
  readonly data: readonly OperatorAuditEntry[]
}

export type OperatorAuditEntry = {
  readonly id: string
  readonly at: string
  /** Empty: of the whole installation. */
  readonly organization: string
  readonly actor: string
  readonly address: string
  readonly action: string
  readonly subject: string
  /** As JSON. */
  readonly before?: string | undefined
  /** As JSON, without secrets. */
  readonly after?: string | undefined
}

export type OperatorAuditParams = {
  readonly limit?: number | undefined
  /** Only those before the one of this id. */
  readonly before?: string | undefined
  readonly actor?: string | undefined
  readonly action?: string | undefined
}

export type OperatorBrokenTlsAnswer = {
  readonly data: readonly BrokenTls[]
}

export type OperatorDoctorAnswer = {
  readonly data: readonly Finding[]
}

export type OperatorEvent = {
  readonly id: string
  readonly kind:
    | 'accepted'
    | 'suppressed'
    | 'held'
    | 'released'
    | 'deferred'
    | 'delivered'
    | 'bounced'
    | 'expired'
    | 'cancelled'
    | 'opened'
    | 'clicked'
    | 'complained'
    | 'unsubscribed'
    | 'reaction-started'
    | 'reaction-extended'
    | 'reaction-ended'
    | 'warm-up-step'
    | 'quota-near'
    | 'quota-reached'
    | 'domain-status'
    | 'alert-started'
    | 'alert-ended'
  readonly time: string
  readonly stream?: string | undefined
  readonly message?: string | undefined
  readonly delivery?: string | undefined
  /** The reverse-path; `<>` is the null one. */
  readonly from?: string | undefined
  readonly recipient?: string | undefined
  readonly attempts?: number | undefined
  readonly tags?: readonly string[] | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly reason?: string | undefined
  /** Given back by a host that had taken it. */
  readonly late?: boolean | undefined
  /** The first open or click of its delivery by anybody but a machine. */
  readonly first?: boolean | undefined
  readonly attempt?:
    | {
        readonly host?: string | undefined
        /** RFC 3463 */
        readonly status?: string | undefined
        readonly text: string
        readonly class?: string | undefined
        readonly type?: 'hard' | 'soft' | 'none' | undefined
        readonly duration_ms: number
        readonly source: string
        readonly site: string
        readonly provider?: string | undefined
        readonly address?: string | undefined
        readonly tls?: string | undefined
        readonly stage?: string | undefined
        readonly code?: number | undefined
      }
    | undefined
  /** What came back about it. */
  readonly report?:
    | {
        readonly host?: string | undefined
        /** RFC 3463 */
        readonly status?: string | undefined
        readonly text: string
        readonly class?: string | undefined
        readonly type?: 'hard' | 'soft' | 'none' | undefined
      }
    | undefined
  readonly data?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Empty: it concerns no organization alone, such as a reaction on a whole path. */
  readonly organization: string
}

export type OperatorEventPage = {
  readonly data: readonly OperatorEvent[]
  readonly next: string
  readonly more: boolean
}

export type OperatorEventsParams = {
  /** Of accepted, suppressed, held, released, deferred, delivered, bounced, expired, cancelled, opened, clicked, complained, unsubscribed, reaction-started, reaction-extended, reaction-ended, warm-up-step, quota-near, quota-reached, domain-status, alert-started, alert-ended; several with commas. */
  readonly kind?: string | undefined
  readonly stream?: string | undefined
  /** An address, or `@domain` for all of one. */
  readonly recipient?: string | undefined
  readonly message?: string | undefined
  /** Empty: what concerns none alone. */
  readonly organization?: string | undefined
  /** Rows of a page. */
  readonly limit?: number | undefined
  /** The `next` of an earlier answer. */
  readonly cursor?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
}

export type OperatorExtendReactionBody = {
  readonly seconds: number
}

export type OperatorOrganizationsAnswer = {
  readonly data: readonly Organization[]
}

export type OperatorOwnerLinkAnswer = {
  readonly organization: string
  readonly url: string
}

export type OperatorPostmasterMailAnswer = {
  readonly id: string
  readonly received_at: string
  readonly client: string
  readonly sender: string
  readonly recipient: string
  readonly author: string
  readonly subject: string
  readonly size: number
  readonly content: string
}

export type OperatorPostmasterMailsAnswer = {
  readonly data: readonly KeptMail[]
}

export type OperatorPostmasterMailsParams = {
  readonly limit?: number | undefined
  /** Only those before the one of this id. */
  readonly before?: string | undefined
}

export type OperatorQueue = {
  /** Organization, stream and domain. */
  readonly queue: string
  readonly waiting: number
  readonly active: number
  readonly held: number
  readonly next_due?: string | undefined
  readonly oldest: string
  readonly ready: number
  readonly on_wire: number
  readonly site?: string | undefined
  readonly pool?: string | undefined
  readonly paths?: readonly Readonly<Record<string, unknown>>[] | undefined
  /** Why what is due waits. */
  readonly reasons: readonly Readonly<Record<string, unknown>>[]
}

export type OperatorQueuesAnswer = {
  readonly data: readonly OperatorQueue[]
  readonly queues: number
  readonly deliveries: number
}

export type OperatorQueuesParams = {
  /** In the name of the queue or its site. */
  readonly match?: string | undefined
  readonly order?: 'size' | 'name' | undefined
  /** Only those that sort after it, by name. */
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

export type OperatorQuota = {
  /** Absent: of all streams together. */
  readonly stream?: string | undefined
  readonly windows: readonly {
    readonly name: 'hour' | 'day' | 'month'
    /** Recipients of messages that are accepted, now or for later. */
    readonly limit: number
    readonly used: number
    readonly left: number
    readonly resets_at: string
  }[]
  /** Of one message. */
  readonly recipients?: number | undefined
  /** Octets of one message. */
  readonly size?: number | undefined
  readonly organization: string
}

export type OperatorQuotasAnswer = {
  readonly data: readonly OperatorQuota[]
}

export type OperatorRatesAnswer = {
  readonly span: string
  readonly from: string
  readonly to: string
  readonly rows: readonly SourceRate[]
}

export type OperatorReactionsAnswer = {
  readonly data: readonly Reaction[]
}

export type OperatorReloadAnswer = {
  readonly problems: readonly string[]
  /** What has changed and holds only after a restart. */
  readonly restart: readonly string[]
}

export type OperatorReputationAnswer = {
  readonly data: readonly Standing[]
}

export type OperatorSetQuotaBody = {
  readonly stream?: string | undefined
  /** Recipients of accepted messages. */
  readonly hour?: number | undefined
  /** Recipients of accepted messages. */
  readonly day?: number | undefined
  /** Recipients of accepted messages. */
  readonly month?: number | undefined
  /** Of one message. */
  readonly recipients?: number | undefined
  /** Octets of one message. */
  readonly size?: number | undefined
}

export type OperatorSetWarmUpBody = {
  /** Absent: it is over. */
  readonly step?: number | undefined
}

export type OperatorSetWarmUpParams = {
  readonly source: string
  readonly provider: string
}

export type OperatorSourcesAnswer = {
  readonly data: readonly Source[]
}

export type OperatorTlsPoliciesAnswer = {
  readonly data: readonly TlsPolicy[]
}

export type OperatorTlsReportAnswer = {
  readonly id: string
  /** Such as 2026-11-22, in UTC. */
  readonly day: string
  readonly domain: string
  readonly state: 'waiting' | 'sent' | 'failed'
  readonly due: string
  readonly successes: number
  readonly failures: number
  readonly report: Readonly<Record<string, unknown>>
  readonly deliveries: readonly {
    readonly target: string
    readonly ok: boolean
    readonly text: string
  }[]
}

export type OperatorTlsReportsAnswer = {
  readonly data: readonly TlsReport[]
}

export type OperatorWarmUpsAnswer = {
  readonly data: readonly WarmUp[]
}

export type Organization = {
  readonly name: string
  readonly created_at: string
}

export type OwnSession = {
  readonly user: User
  readonly organization: string
  /** All that the user belongs to. */
  readonly organizations: readonly string[]
  readonly scopes: readonly (
    | 'messages:send'
    | 'messages:read'
    | 'messages:write'
    | 'suppressions:read'
    | 'suppressions:write'
    | 'events:read'
    | 'statistics:read'
    | 'domains:read'
    | 'domains:write'
    | 'webhooks:read'
    | 'webhooks:write'
    | 'templates:read'
    | 'templates:write'
    | 'accounts:read'
    | 'accounts:write'
    | 'users:read'
    | 'users:write'
    | 'audit:read'
    | 'operator:read'
    | 'operator:write'
  )[]
  readonly session: string
}

export type Passkey = {
  readonly id: string
  readonly name: string
  /** Whether more devices than one keep it. */
  readonly synced: boolean
  readonly created_at: string
  readonly used_at?: string | undefined
}

export type PasskeyCreationOptions = {
  readonly challenge: string
} & Readonly<Record<string, unknown>>

export type PasskeyRequestOptions = {
  readonly challenge: string
  readonly rpId: string
  readonly timeout: number
  readonly userVerification: 'required'
}

export type PreviewTemplateBody = {
  /** What the template is filled in with: texts, numbers, lists, objects. What it has not is empty. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined
  readonly version?: number | undefined
}

export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  /** For people. */
  readonly detail: string
  /** What it is, for programs; it does not change. */
  readonly code:
    | 'malformed'
    | 'unauthenticated'
    | 'forbidden'
    | 'domain-not-yours'
    | 'missing'
    | 'method-not-allowed'
    | 'too-large'
    | 'unsupported-type'
    | 'domain-taken'
    | 'conflict'
    | 'too-often'
    | 'sign-in'
    | 'cross-site'
    | 'invalid'
    | 'key-reused'
    | 'suppressed'
    | 'too-many'
    | 'quota-used-up'
    | 'too-many-recipients'
    | 'failed'
    | 'unavailable'
  /** Finds it in the log. */
  readonly request: string
  readonly errors?:
    | readonly {
        /** A place of the request: JSON Pointer. */
        readonly pointer: string
        readonly detail: string
      }[]
    | undefined
}

export type ProviderAddress = {
  /** Where the browser goes now. */
  readonly url: string
}

export type Queue = {
  readonly stream: string
  readonly domain: string
  readonly waiting: number
  readonly active: number
  readonly held: number
  readonly oldest_at: string
  readonly next_attempt_at?: string | undefined
  readonly reasons: readonly {
    readonly what: string
    readonly until: string
    /** What would change it. */
    readonly change: string
  }[]
}

export type Quota = {
  /** Absent: of all streams together. */
  readonly stream?: string | undefined
  readonly windows: readonly {
    readonly name: 'hour' | 'day' | 'month'
    /** Recipients of messages that are accepted, now or for later. */
    readonly limit: number
    readonly used: number
    readonly left: number
    readonly resets_at: string
  }[]
  /** Of one message. */
  readonly recipients?: number | undefined
  /** Octets of one message. */
  readonly size?: number | undefined
}

export type RateAlert = {
  readonly source: string
  readonly provider: string
  readonly measure: 'complained' | 'refused' | 'bounced' | 'deferred'
  readonly level: 'warn' | 'bad'
  readonly most: number
  readonly bad: number
  readonly of: number
  readonly since: string
}

export type RawMessage = {
  /** An address without a name. */
  readonly from: string
  readonly to: string | readonly string[]
  /** Which stream it belongs to; that of the API key when absent. */
  readonly stream?: string | undefined
  /** When it is to be sent: at once when absent, a year ahead at most. RFC 3339. */
  readonly send_at?: string | undefined
  /** The message, RFC 5322, in base64. */
  readonly content: string
  /** What mail is told apart by: in events, statistics and when it is looked for. */
  readonly tags?: readonly string[] | undefined
  /** Told again with each event; 10000 octets in all. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** What is told of HTML of this message, whatever its stream says. See docs/tracking.md. */
  readonly tracking?:
    | {
        readonly opens?: boolean | undefined
        readonly clicks?: boolean | undefined
      }
    | undefined
}

export type Reaction = {
  readonly id: string
  readonly rule: string
  readonly source: string
  readonly site: string
  readonly from: string
  readonly until: string
  /** How often it was set off since it began. */
  readonly again: number
  readonly act: Readonly<Record<string, unknown>>
  readonly cause: Readonly<Record<string, unknown>>
  readonly place: unknown
  readonly stream?: unknown
  readonly campaign?: unknown
  readonly slope?: Readonly<Record<string, unknown>> | undefined
  readonly counted?:
    | {
        readonly unknown: number
        readonly tried: number
      }
    | undefined
}

export type RecipientFate = {
  /** As it is written in the envelope. */
  readonly email?: string | undefined
  readonly status: 'queued' | 'suppressed' | 'invalid'
  /** Where it is queued, for everything asked about it later. */
  readonly delivery?: string | undefined
  /** Why it is not sent to. */
  readonly detail?: string | undefined
  /** Where the request is wrong. RFC 6901 */
  readonly pointer?: string | undefined
}

export type ReleaseMessageAnswer = {
  /** Deliveries. */
  readonly changed: number
}

export type RemoveIdentityBody = {
  readonly password?: string | undefined
}

export type RemovePasskeyBody = {
  readonly password?: string | undefined
}

export type RemoveSuppressionAnswer = {
  readonly data: readonly Suppression[]
}

export type RemoveSuppressionParams = {
  readonly recipient: string
  /** `*` is every stream. */
  readonly stream?: string | undefined
  /** What people will read who ask why. */
  readonly why: string
}

export type RemoveTotpBody = {
  readonly password: string
}

export type RenewRecoveryCodesAnswer = {
  /** For when the app is lost; each opens once. Here and nowhere else, ever. */
  readonly recovery_codes: readonly string[]
}

export type RenewRecoveryCodesBody = {
  readonly password: string
}

export type ReplayWebhookBody = {
  readonly since: string
}

export type ResetPasswordBody = {
  readonly token: string
  readonly password: string
}

export type RetryMessageAnswer = {
  /** Deliveries. */
  readonly changed: number
}

export type RotateWebhookAnswer = {
  readonly id: string
  readonly url: string
  readonly note: string
  /** Empty: all. */
  readonly kinds: readonly (
    | 'accepted'
    | 'suppressed'
    | 'held'
    | 'released'
    | 'deferred'
    | 'delivered'
    | 'bounced'
    | 'expired'
    | 'cancelled'
    | 'opened'
    | 'clicked'
    | 'complained'
    | 'unsubscribed'
    | 'reaction-started'
    | 'reaction-extended'
    | 'reaction-ended'
    | 'warm-up-step'
    | 'quota-near'
    | 'quota-reached'
    | 'domain-status'
    | 'alert-started'
    | 'alert-ended'
  )[]
  /** `*` is every stream, and what is of none. */
  readonly stream: string
  readonly state: 'active' | 'failing' | 'paused'
  /** Of failing and paused. */
  readonly since?: string | undefined
  /** One after the other. */
  readonly failures?: number | undefined
  readonly next_attempt_at?: string | undefined
  /** It is paused. */
  readonly why?: string | undefined
  readonly created_at: string
  readonly old_secret_until?: string | undefined
  /** Shown now and never again. */
  readonly secret: string
}

export type RotateWebhookParams = {
  readonly id: string
  /** Seconds. */
  readonly overlap?: number | undefined
}

export type SendRawMessageQuery = {
  /** An address without a name. */
  readonly from?: string | undefined
  readonly to?: string | readonly string[] | undefined
  /** Which stream it belongs to; that of the API key when absent. */
  readonly stream?: string | undefined
  /** When it is to be sent: at once when absent, a year ahead at most. RFC 3339. */
  readonly send_at?: string | undefined
}

export type Session = {
  readonly id: string
  readonly created_at: string
  readonly used_at: string
  /** That it was begun from. */
  readonly address: string
  readonly agent: string
  /** Whether it is the one that asks. */
  readonly current: boolean
}

export type ShowDomainReportAnswer = {
  readonly id: string
  readonly kind: 'dmarc' | 'tls'
  readonly domain: string
  /** Who reports, in the reporter’s words. */
  readonly reporter: string
  readonly report: string
  readonly from: string
  readonly until: string
  /** Messages that passed DMARC, or sessions with TLS. */
  readonly good: number
  readonly bad: number
  readonly received_at: string
  /** The host that brought it: anybody can write a report. */
  readonly client: string
  readonly sender: string
  readonly content: Readonly<Record<string, unknown>>
}

export type ShowDomainReportParams = {
  readonly domain: string
  readonly id: string
}

export type ShowStatisticsAnswer = {
  readonly data: readonly Statistic[]
}

export type ShowStatisticsParams = {
  /** Of hour, day, stream, source, provider, class, domain, sender, tag; several with commas. domain, sender and tag are kept by the day in UTC, and go neither with each other nor with hour, source and provider. */
  readonly by?: string | undefined
  /** Hours and days that begin then or later. Default: 30 days ago. */
  readonly from?: string | undefined
  /** And before then. Default: now. */
  readonly to?: string | undefined
  /** Minutes east of UTC at which a day begins: 540 in Japan. */
  readonly zone?: number | undefined
  readonly stream?: string | undefined
  readonly source?: string | undefined
  readonly provider?: string | undefined
  readonly domain?: string | undefined
  readonly sender?: string | undefined
  readonly tag?: string | undefined
}

export type ShowSuppressionsAnswer = {
  readonly data: readonly Suppression[]
}

export type ShowTemplateParams = {
  /** Lower-case letters, digits, dots, hyphens, underscores. */
  readonly name: string
  readonly version?: number | undefined
}

export type ShowTotpAnswer = {
  readonly enabled: boolean
  readonly recovery_codes_left: number
}

export type SignIn = {
  /** Whether browsers make passkeys for this site. */
  readonly passkeys: boolean
  readonly providers: readonly {
    readonly name: string
    /** As people read it. */
    readonly title: string
  }[]
}

export type SignInBody = {
  readonly email: string
  readonly password: string
  readonly organization?: string | undefined
}

export type SignInCodeBody = {
  /** Of the app, or one on paper. */
  readonly code: string
}

export type SignInOidcBody = {
  readonly provider: string
  /** What stands behind the `?`. */
  readonly query: string
}

export type SignInPasskeyBody = {
  /** What navigator.credentials.get() gave, by its toJSON(). */
  readonly credential: {
    readonly id: string
    readonly rawId: string
    readonly type: 'public-key'
    readonly response: {
      readonly clientDataJSON: string
      readonly authenticatorData: string
      readonly signature: string
      readonly userHandle: string
    }
  }
  readonly organization?: string | undefined
}

export type Source = {
  readonly name: string
  /** Absent: the machine chooses. */
  readonly address?: string | undefined
  readonly ehlo: string
  readonly relay: readonly string[]
  readonly pools: readonly {
    readonly pool: string
    readonly weight: number
  }[]
  readonly warm_ups: readonly WarmUp[]
  readonly standings: readonly Standing[]
  readonly rates: readonly SourceRate[]
  readonly alerts: readonly RateAlert[]
}

export type SourceRate = {
  readonly source: string
  readonly provider: string
  readonly delivered: number
  readonly deferred: number
  readonly bounced: number
  readonly returned: number
  readonly expired: number
  readonly complained: number
  readonly hard: number
  readonly refused: number
  /** Of complained, refused, bounced, deferred. */
  readonly shares: Readonly<Record<string, number>>
  readonly alerts: readonly RateAlert[]
}

export type Standing = {
  readonly source: string
  readonly address: string
  /** A block list, or ptr. */
  readonly by: string
  readonly state: 'good' | 'bad' | 'unknown'
  readonly text: string
  readonly since: string
  readonly checked_at: string
}

export type Statistic = {
  readonly hour?: string | undefined
  readonly day?: string | undefined
  readonly stream?: string | undefined
  readonly source?: string | undefined
  readonly provider?: string | undefined
  readonly class?: string | undefined
  readonly domain?: string | undefined
  readonly sender?: string | undefined
  readonly tag?: string | undefined
  /** One a recipient; deferred once for each try, opened and clicked for each time. unique_opens and unique_clicks: deliveries that were, by anybody but machines. */
  readonly counts: {
    readonly accepted: number
    readonly suppressed: number
    readonly held: number
    readonly released: number
    readonly deferred: number
    readonly delivered: number
    readonly bounced: number
    readonly returned: number
    readonly expired: number
    readonly cancelled: number
    readonly opened: number
    readonly unique_opens: number
    readonly clicked: number
    readonly unique_clicks: number
    readonly complained: number
    readonly unsubscribed: number
  }
  /** Why it was not taken; of opens and clicks, who: human, proxy or machine. */
  readonly classes: {
    readonly deferred?: Readonly<Record<string, number>> | undefined
    readonly bounced?: Readonly<Record<string, number>> | undefined
    readonly returned?: Readonly<Record<string, number>> | undefined
    readonly opened?: Readonly<Record<string, number>> | undefined
    readonly unique_opens?: Readonly<Record<string, number>> | undefined
    readonly clicked?: Readonly<Record<string, number>> | undefined
    readonly unique_clicks?: Readonly<Record<string, number>> | undefined
  }
  readonly time_to_deliver?:
    | {
        /** At most so many milliseconds; to a fifth. */
        readonly p50: number
        /** At most so many milliseconds; to a fifth. */
        readonly p90: number
        /** At most so many milliseconds; to a fifth. */
        readonly p99: number
      }
    | undefined
}

export type Step = {
  readonly at: string
  readonly event:
    | 'delivered'
    | 'deferred'
    | 'bounced'
    | 'bounce-reported'
    | 'delay-reported'
    | 'success-reported'
    | 'complained'
    | 'unsubscribed'
    | 'opened'
    | 'clicked'
  readonly duration_ms?: number | undefined
  readonly source?: string | undefined
  readonly site?: string | undefined
  readonly host?: string | undefined
  readonly address?: string | undefined
  readonly tls?: string | undefined
  readonly stage?: string | undefined
  readonly code?: number | undefined
  /** RFC 3463 */
  readonly status?: string | undefined
  readonly text: string
  readonly class?: string | undefined
  readonly type?: 'hard' | 'soft' | 'none' | undefined
}

export type Stream = {
  readonly stream: string
  readonly kind: 'transactional' | 'marketing'
  /** Whose sources its mail leaves by. */
  readonly pool: string
  /** Its share of a path beside other streams. */
  readonly weight: number
  readonly list_unsubscribe: 'none' | 'mail' | 'one-click' | 'both'
  readonly tracking: {
    readonly opens: boolean
    readonly clicks: boolean
  }
  /** How long records of its messages are kept. */
  readonly retention_seconds: number
  /** What each of them keeps mail from: this stream, or all of the organization. */
  readonly suppression: {
    readonly complaint: 'stream' | 'organization'
    readonly unsubscribe: 'stream' | 'organization'
    readonly bounce: 'stream' | 'organization'
  }
}

export type Suppression = {
  readonly recipient: string
  /** `*` is every stream. */
  readonly stream: string
  readonly reason: 'bounce' | 'soft-bounces' | 'complaint' | 'unsubscribe' | 'manual' | 'import'
  readonly class?: string | undefined
  /** What shows it: the reply, the complaint, or words. */
  readonly evidence: string
  readonly delivery?: string | undefined
  readonly created_at: string
  readonly expires_at?: string | undefined
  readonly removed_at?: string | undefined
  readonly removed_why?: string | undefined
}

export type SuppressionPage = {
  readonly data: readonly Suppression[]
  readonly next: string | null
}

export type Template = {
  /** Lower-case letters, digits, dots, hyphens, underscores. */
  readonly name: string
  readonly note: string
  readonly version: number
  readonly created_at: string
  readonly updated_at: string
  readonly subject: string
  readonly text?: string | undefined
  readonly html?: string | undefined
  /** More header fields, such as `X-Order` or `In-Reply-To`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export type TemplatePage = {
  readonly data: readonly TemplateSummary[]
  readonly next: string | null
}

export type TemplatePreview = {
  readonly subject: string
  readonly text?: string | undefined
  readonly html?: string | undefined
  /** More header fields, such as `X-Order` or `In-Reply-To`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export type TemplateSummary = {
  /** Lower-case letters, digits, dots, hyphens, underscores. */
  readonly name: string
  readonly note: string
  readonly version: number
  readonly created_at: string
  readonly updated_at: string
}

export type TlsPolicy = {
  readonly domain: string
  readonly id: string
  readonly mode: 'enforce' | 'testing' | 'none'
  readonly mx: readonly string[]
  readonly fetched_at: string
  readonly expires_at: string
}

export type TlsReport = {
  readonly id: string
  /** Such as 2026-11-22, in UTC. */
  readonly day: string
  readonly domain: string
  readonly state: 'waiting' | 'sent' | 'failed'
  readonly due: string
  readonly successes: number
  readonly failures: number
}

export type User = {
  readonly id: string
  readonly email: string
  readonly name: string
  /** In which we write to them. */
  readonly language: 'en' | 'ja'
  readonly role: 'owner' | 'admin' | 'developer' | 'marketer' | 'analyst' | 'read-only'
  readonly joined_at: string
  readonly signed_in_at?: string | undefined
}

export type WarmUp = {
  readonly source: string
  readonly provider: string
  /** From 1; absent: it is over. */
  readonly step?: number | undefined
  readonly steps: number
  /** Messages today at most. */
  readonly limit?: number | undefined
  readonly sent: number
  readonly answers: number
  readonly put_off: number
  readonly is_alarmed: boolean
  readonly slowed?:
    | {
        readonly sign: Readonly<Record<string, unknown>>
        readonly at: string
      }
    | undefined
  readonly until: string
}

export type Webhook = {
  readonly id: string
  readonly url: string
  readonly note: string
  /** Empty: all. */
  readonly kinds: readonly (
    | 'accepted'
    | 'suppressed'
    | 'held'
    | 'released'
    | 'deferred'
    | 'delivered'
    | 'bounced'
    | 'expired'
    | 'cancelled'
    | 'opened'
    | 'clicked'
    | 'complained'
    | 'unsubscribed'
    | 'reaction-started'
    | 'reaction-extended'
    | 'reaction-ended'
    | 'warm-up-step'
    | 'quota-near'
    | 'quota-reached'
    | 'domain-status'
    | 'alert-started'
    | 'alert-ended'
  )[]
  /** `*` is every stream, and what is of none. */
  readonly stream: string
  readonly state: 'active' | 'failing' | 'paused'
  /** Of failing and paused. */
  readonly since?: string | undefined
  /** One after the other. */
  readonly failures?: number | undefined
  readonly next_attempt_at?: string | undefined
  /** It is paused. */
  readonly why?: string | undefined
  readonly created_at: string
  readonly old_secret_until?: string | undefined
}

export type WebhookAttempt = {
  readonly id: string
  readonly at: string
  readonly duration_ms: number
  readonly what: 'events' | 'ping'
  /** The webhook-id of the request. */
  readonly request: string
  readonly events: number
  readonly ok: boolean
  readonly status?: number | undefined
  /** Of the answer, or why there was none. */
  readonly excerpt: string
}

export type WebhookAttemptPage = {
  readonly data: readonly WebhookAttempt[]
  readonly next: string | null
}
