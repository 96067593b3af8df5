/* oxlint-disable max-lines -- made whole, read by the name */
/** Made by `npm run documents -- --write` from the description of the API: change that. */

import type {
  AcceptInvitationAnswer,
  AcceptInvitationBody,
  ActivateDkimBody,
  AddApiKeyAnswer,
  AddApiKeyBody,
  AddCredentialAnswer,
  AddCredentialBody,
  AddDomainBody,
  AddInvitationBody,
  AddPasskeyBody,
  AddSuppressionsAnswer,
  AddSuppressionsBody,
  AddTemplateBody,
  AddTotpAnswer,
  AddWebhookAnswer,
  AddWebhookBody,
  ApiKey,
  AskPasswordResetAnswer,
  AskPasswordResetBody,
  AuditEntry,
  AuditEntryPage,
  Batch,
  BatchAccepted,
  BecomeOwnerAnswer,
  BecomeOwnerBody,
  BeginOidcSignInBody,
  BeginPasskeyBody,
  BeginPasskeySignInBody,
  CancelMessageAnswer,
  ChangeDeliveriesAnswer,
  ChangeDeliveriesBody,
  ChangePasskeyBody,
  ChangePasswordBody,
  ChangeTemplateBody,
  ChangeUserBody,
  ChangeWebhookBody,
  ConfirmTotpAnswer,
  ConfirmTotpBody,
  Credential,
  Delivery,
  DeliveryPage,
  Domain,
  DomainDetail,
  DomainReport,
  DomainReportPage,
  DownloadDeliveriesParams,
  DownloadStatisticsParams,
  Event,
  EventPage,
  ExplainMessageAnswer,
  ExportAuditParams,
  ExportDeliveriesParams,
  FollowEventsParams,
  HoldMessageAnswer,
  ImportSuppressionsAnswer,
  ImportSuppressionsQuery,
  Invitation,
  JoinInvitationAnswer,
  JoinInvitationBody,
  KeptMail,
  LinkIdentityBody,
  ListApiKeysAnswer,
  ListAuditParams,
  ListBounceClassesAnswer,
  ListCredentialsAnswer,
  ListDeliveriesParams,
  ListDomainReportsParams,
  ListDomainsAnswer,
  ListEventsParams,
  ListIdentitiesAnswer,
  ListInvitationsAnswer,
  ListPasskeysAnswer,
  ListQueuesAnswer,
  ListQuotasAnswer,
  ListSessionsAnswer,
  ListStreamsAnswer,
  ListSuppressionsParams,
  ListTemplateVersionsAnswer,
  ListTemplatesParams,
  ListUsersAnswer,
  ListWebhookAttemptsParams,
  ListWebhooksAnswer,
  Message,
  MessageAccepted,
  MessageWithDeliveries,
  MoveSessionBody,
  NodeStatus,
  OperatorAddOrganizationBody,
  OperatorAuditAnswer,
  OperatorAuditParams,
  OperatorBrokenTlsAnswer,
  OperatorDoctorAnswer,
  OperatorEvent,
  OperatorEventPage,
  OperatorEventsParams,
  OperatorExtendReactionBody,
  OperatorOrganizationsAnswer,
  OperatorOwnerLinkAnswer,
  OperatorPostmasterMailAnswer,
  OperatorPostmasterMailsAnswer,
  OperatorPostmasterMailsParams,
  OperatorQueuesAnswer,
  OperatorQueuesParams,
  OperatorQuota,
  OperatorQuotasAnswer,
  OperatorRatesAnswer,
  OperatorReactionsAnswer,
  OperatorReloadAnswer,
  OperatorReputationAnswer,
  OperatorSetQuotaBody,
  OperatorSetWarmUpBody,
  OperatorSetWarmUpParams,
  OperatorSourcesAnswer,
  OperatorTlsPoliciesAnswer,
  OperatorTlsReportAnswer,
  OperatorTlsReportsAnswer,
  OperatorWarmUpsAnswer,
  Organization,
  OwnSession,
  Passkey,
  PasskeyCreationOptions,
  PasskeyRequestOptions,
  PreviewTemplateBody,
  ProviderAddress,
  RawMessage,
  Reaction,
  ReleaseMessageAnswer,
  RemoveIdentityBody,
  RemovePasskeyBody,
  RemoveSuppressionAnswer,
  RemoveSuppressionParams,
  RemoveTotpBody,
  RenewRecoveryCodesAnswer,
  RenewRecoveryCodesBody,
  ReplayWebhookBody,
  ResetPasswordBody,
  RetryMessageAnswer,
  RotateWebhookAnswer,
  RotateWebhookParams,
  SendRawMessageQuery,
  ShowDomainReportAnswer,
  ShowDomainReportParams,
  ShowStatisticsAnswer,
  ShowStatisticsParams,
  ShowSuppressionsAnswer,
  ShowTemplateParams,
  ShowTotpAnswer,
  SignIn,
  SignInBody,
  SignInCodeBody,
  SignInOidcBody,
  SignInPasskeyBody,
  Stream,
  Suppression,
  SuppressionPage,
  Template,
  TemplatePage,
  TemplatePreview,
  TemplateSummary,
  User,
  WarmUp,
  Webhook,
  WebhookAttempt,
  WebhookAttemptPage,
} from './schema.ts'
import { Transport } from './transport.ts'
import type { HikyakuOptions, RequestOptions } from './transport.ts'

/** The HTTP API of a node, by a key or as who has signed in. */
export class Hikyaku {
  readonly #transport: Transport

  constructor(options: HikyakuOptions) {
    this.#transport = new Transport(options)
  }

  /** Accept an invitation: with a new password, or the one of the account that there is */
  acceptInvitation(body: AcceptInvitationBody, options?: RequestOptions): Promise<AcceptInvitationAnswer> {
    return this.#transport.json<AcceptInvitationAnswer>(
      { method: 'POST', path: '/v1/invitations/accept', body },
      options,
    )
  }

  /** Sign with the new keys, when the DNS shows them; the old ones retire */
  activateDkim(
    params: {
      readonly domain: string
    },
    body: ActivateDkimBody,
    options?: RequestOptions,
  ): Promise<DomainDetail> {
    return this.#transport.json<DomainDetail>(
      { method: 'POST', path: `/v1/domains/${encodeURIComponent(params.domain)}/dkim/activate`, body },
      options,
    )
  }

  /** Make an API key; its token is in this answer and nowhere else, ever */
  addApiKey(body: AddApiKeyBody, options?: RequestOptions): Promise<AddApiKeyAnswer> {
    return this.#transport.json<AddApiKeyAnswer>({ method: 'POST', path: '/v1/api-keys', body }, options)
  }

  /** Make an SMTP login; its password is in this answer and nowhere else, ever */
  addCredential(body: AddCredentialBody, options?: RequestOptions): Promise<AddCredentialAnswer> {
    return this.#transport.json<AddCredentialAnswer>(
      { method: 'POST', path: '/v1/credentials', body },
      options,
    )
  }

  /** Claim a domain; the answer has what to publish to show that it is yours */
  addDomain(body: AddDomainBody, options?: RequestOptions): Promise<DomainDetail> {
    return this.#transport.json<DomainDetail>({ method: 'POST', path: '/v1/domains', body }, options)
  }

  /** Invite somebody by mail; an earlier invitation of that address works no more */
  addInvitation(body: AddInvitationBody, options?: RequestOptions): Promise<Invitation> {
    return this.#transport.json<Invitation>({ method: 'POST', path: '/v1/invitations', body }, options)
  }

  /** Keep the passkey that the browser made; from now on it signs in */
  addPasskey(body: AddPasskeyBody, options?: RequestOptions): Promise<Passkey> {
    return this.#transport.json<Passkey>({ method: 'POST', path: '/v1/passkeys', body }, options)
  }

  /** Keep mail from recipients, all of them or none */
  addSuppressions(body: AddSuppressionsBody, options?: RequestOptions): Promise<AddSuppressionsAnswer> {
    return this.#transport.json<AddSuppressionsAnswer>(
      { method: 'POST', path: '/v1/suppressions', body },
      options,
    )
  }

  /** Keep a template by a name */
  addTemplate(body: AddTemplateBody, options?: RequestOptions): Promise<TemplateSummary> {
    return this.#transport.json<TemplateSummary>({ method: 'POST', path: '/v1/templates', body }, options)
  }

  /** A secret for an app; it is asked for after a first code has confirmed it */
  addTotp(options?: RequestOptions): Promise<AddTotpAnswer> {
    return this.#transport.json<AddTotpAnswer>({ method: 'POST', path: '/v1/totp' }, options)
  }

  /** Have a URL told what happens */
  addWebhook(body: AddWebhookBody, options?: RequestOptions): Promise<AddWebhookAnswer> {
    return this.#transport.json<AddWebhookAnswer>({ method: 'POST', path: '/v1/webhooks', body }, options)
  }

  /** Have a link sent to the user of that address, if there is one */
  askPasswordReset(body: AskPasswordResetBody, options?: RequestOptions): Promise<AskPasswordResetAnswer> {
    return this.#transport.json<AskPasswordResetAnswer>(
      { method: 'POST', path: '/v1/password-reset', body },
      options,
    )
  }

  /** Become an owner by a link that works once */
  becomeOwner(body: BecomeOwnerBody, options?: RequestOptions): Promise<BecomeOwnerAnswer> {
    return this.#transport.json<BecomeOwnerAnswer>({ method: 'POST', path: '/v1/owner', body }, options)
  }

  /** Where a provider signs in; the browser comes back within 15 minutes */
  beginOidcSignIn(body: BeginOidcSignInBody, options?: RequestOptions): Promise<ProviderAddress> {
    return this.#transport.json<ProviderAddress>(
      { method: 'POST', path: '/v1/session/oidc/begin', body },
      options,
    )
  }

  /** What the browser makes a passkey of, within five minutes and in this session */
  beginPasskey(body: BeginPasskeyBody, options?: RequestOptions): Promise<PasskeyCreationOptions> {
    return this.#transport.json<PasskeyCreationOptions>(
      { method: 'POST', path: '/v1/passkeys/options', body },
      options,
    )
  }

  /** What a passkey is to sign, within five minutes, by whoever has one */
  beginPasskeySignIn(body: BeginPasskeySignInBody, options?: RequestOptions): Promise<PasskeyRequestOptions> {
    return this.#transport.json<PasskeyRequestOptions>(
      { method: 'POST', path: '/v1/session/passkey/options', body },
      options,
    )
  }

  /** Give up what has not been delivered; nobody is told */
  cancelMessage(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<CancelMessageAnswer> {
    return this.#transport.json<CancelMessageAnswer>(
      { method: 'POST', path: `/v1/messages/${encodeURIComponent(params.id)}/cancel` },
      options,
    )
  }

  /** Hold, release, cancel or retry all deliveries that match; say at least one thing that they match */
  changeDeliveries(body: ChangeDeliveriesBody, options?: RequestOptions): Promise<ChangeDeliveriesAnswer> {
    return this.#transport.json<ChangeDeliveriesAnswer>(
      { method: 'POST', path: '/v1/deliveries/change', body },
      options,
    )
  }

  /** Call a passkey otherwise */
  changePasskey(
    params: {
      readonly id: string
    },
    body: ChangePasskeyBody,
    options?: RequestOptions,
  ): Promise<Passkey> {
    return this.#transport.json<Passkey>(
      { method: 'PATCH', path: `/v1/passkeys/${encodeURIComponent(params.id)}`, body },
      options,
    )
  }

  /** Change the password; every session ends, this one too */
  changePassword(body: ChangePasswordBody, options?: RequestOptions): Promise<void> {
    return this.#transport.nothing({ method: 'POST', path: '/v1/session/password', body }, options)
  }

  /** Put another source in the place of the one there is, as another version */
  changeTemplate(
    params: {
      /** Lower-case letters, digits, dots, hyphens, underscores. */
      readonly name: string
    },
    body: ChangeTemplateBody,
    options?: RequestOptions,
  ): Promise<TemplateSummary> {
    return this.#transport.json<TemplateSummary>(
      { method: 'PUT', path: `/v1/templates/${encodeURIComponent(params.name)}`, body },
      options,
    )
  }

  /** Give a user another role; all their sessions end */
  changeUser(
    params: {
      readonly id: string
    },
    body: ChangeUserBody,
    options?: RequestOptions,
  ): Promise<User> {
    return this.#transport.json<User>(
      { method: 'PATCH', path: `/v1/users/${encodeURIComponent(params.id)}`, body },
      options,
    )
  }

  /** Change what is said, and leave the rest */
  changeWebhook(
    params: {
      readonly id: string
    },
    body: ChangeWebhookBody,
    options?: RequestOptions,
  ): Promise<Webhook> {
    return this.#transport.json<Webhook>(
      { method: 'PATCH', path: `/v1/webhooks/${encodeURIComponent(params.id)}`, body },
      options,
    )
  }

  /** From now on signing in asks for a code; your other sessions end */
  confirmTotp(body: ConfirmTotpBody, options?: RequestOptions): Promise<ConfirmTotpAnswer> {
    return this.#transport.json<ConfirmTotpAnswer>(
      { method: 'POST', path: '/v1/totp/confirm', body },
      options,
    )
  }

  /** Who has signed in, and what they may do */
  currentSession(options?: RequestOptions): Promise<OwnSession> {
    return this.#transport.json<OwnSession>({ method: 'GET', path: '/v1/session' }, options)
  }

  /** All that are found, for spreadsheets */
  downloadDeliveries(params?: DownloadDeliveriesParams, options?: RequestOptions): Promise<string> {
    return this.#transport.text({ method: 'GET', path: '/v1/deliveries.csv', query: params }, options)
  }

  /** The same for spreadsheets */
  downloadStatistics(params?: DownloadStatisticsParams, options?: RequestOptions): Promise<string> {
    return this.#transport.text({ method: 'GET', path: '/v1/statistics.csv', query: params }, options)
  }

  /** End one of the sessions of the user */
  endSession(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<void> {
    return this.#transport.nothing(
      { method: 'DELETE', path: `/v1/sessions/${encodeURIComponent(params.id)}` },
      options,
    )
  }

  /** Why each delivery waits or what became of it, until when, and what would change it */
  explainMessage(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<ExplainMessageAnswer> {
    return this.#transport.json<ExplainMessageAnswer>(
      { method: 'GET', path: `/v1/messages/${encodeURIComponent(params.id)}/explanation` },
      options,
    )
  }

  /** The same as a file for spreadsheets, whole */
  exportAudit(params?: ExportAuditParams, options?: RequestOptions): Promise<string> {
    return this.#transport.text({ method: 'GET', path: '/v1/audit.csv', query: params }, options)
  }

  /** All that are found, each a line of JSON */
  exportDeliveries(params?: ExportDeliveriesParams, options?: RequestOptions): Promise<string> {
    return this.#transport.text({ method: 'GET', path: '/v1/deliveries.ndjson', query: params }, options)
  }

  /** All of them as a file, for spreadsheets and for import elsewhere */
  exportSuppressions(
    params?: {
      /** Also those that hold no longer. */
      readonly all?: boolean | undefined
    },
    options?: RequestOptions,
  ): Promise<string> {
    return this.#transport.text({ method: 'GET', path: '/v1/suppressions.csv', query: params }, options)
  }

  /** What happens, as it happens: server-sent events */
  followEvents(
    params?: FollowEventsParams,
    options?: RequestOptions,
  ): AsyncGenerator<Event, void, undefined> {
    return this.#transport.follow<Event>({ method: 'GET', path: '/v1/events/stream', query: params }, options)
  }

  /** Keep what waits of a message from being sent */
  holdMessage(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<HoldMessageAnswer> {
    return this.#transport.json<HoldMessageAnswer>(
      { method: 'POST', path: `/v1/messages/${encodeURIComponent(params.id)}/hold` },
      options,
    )
  }

  /** Suppress what a CSV file lists; nothing is written unless every line is in order */
  importSuppressions(
    body: string,
    query?: ImportSuppressionsQuery,
    options?: RequestOptions,
  ): Promise<ImportSuppressionsAnswer> {
    return this.#transport.json<ImportSuppressionsAnswer>(
      { method: 'POST', path: '/v1/suppressions/import', body, textType: 'text/csv', query },
      options,
    )
  }

  /** Accept an invitation to the address that you have signed in by, without the password */
  joinInvitation(body: JoinInvitationBody, options?: RequestOptions): Promise<JoinInvitationAnswer> {
    return this.#transport.json<JoinInvitationAnswer>(
      { method: 'POST', path: '/v1/invitations/join', body },
      options,
    )
  }

  /** Have a provider sign you in from now on: where the browser goes for it */
  linkIdentity(body: LinkIdentityBody, options?: RequestOptions): Promise<ProviderAddress> {
    return this.#transport.json<ProviderAddress>({ method: 'POST', path: '/v1/identities', body }, options)
  }

  /** The API keys, without their secrets, oldest first */
  listApiKeys(options?: RequestOptions): Promise<ListApiKeysAnswer> {
    return this.#transport.json<ListApiKeysAnswer>({ method: 'GET', path: '/v1/api-keys' }, options)
  }

  /** What was changed, by whom and from where, the newest first */
  listAudit(params?: ListAuditParams, options?: RequestOptions): Promise<AuditEntryPage> {
    return this.#transport.json<AuditEntryPage>({ method: 'GET', path: '/v1/audit', query: params }, options)
  }

  /** What was changed, by whom and from where, the newest first: of all pages */
  listAuditAll(
    params?: ListAuditParams,
    options?: RequestOptions,
  ): AsyncGenerator<AuditEntry, void, undefined> {
    return this.#transport.pages<AuditEntry>({ method: 'GET', path: '/v1/audit', query: params }, options)
  }

  /** Why mail is not taken: all classes, with what they mean in Japanese and English */
  listBounceClasses(options?: RequestOptions): Promise<ListBounceClassesAnswer> {
    return this.#transport.json<ListBounceClassesAnswer>(
      { method: 'GET', path: '/v1/bounce-classes' },
      options,
    )
  }

  /** The SMTP logins, without their passwords, oldest first */
  listCredentials(options?: RequestOptions): Promise<ListCredentialsAnswer> {
    return this.#transport.json<ListCredentialsAnswer>({ method: 'GET', path: '/v1/credentials' }, options)
  }

  /** Find deliveries, newest first */
  listDeliveries(params?: ListDeliveriesParams, options?: RequestOptions): Promise<DeliveryPage> {
    return this.#transport.json<DeliveryPage>(
      { method: 'GET', path: '/v1/deliveries', query: params },
      options,
    )
  }

  /** Find deliveries, newest first: of all pages */
  listDeliveriesAll(
    params?: ListDeliveriesParams,
    options?: RequestOptions,
  ): AsyncGenerator<Delivery, void, undefined> {
    return this.#transport.pages<Delivery>({ method: 'GET', path: '/v1/deliveries', query: params }, options)
  }

  /** DMARC and TLS reports of receivers about a domain and those below it, the latest first */
  listDomainReports(params: ListDomainReportsParams, options?: RequestOptions): Promise<DomainReportPage> {
    return this.#transport.json<DomainReportPage>(
      {
        method: 'GET',
        path: `/v1/domains/${encodeURIComponent(params.domain)}/reports`,
        query: { limit: params.limit, cursor: params.cursor, kind: params.kind },
      },
      options,
    )
  }

  /** DMARC and TLS reports of receivers about a domain and those below it, the latest first: of all pages */
  listDomainReportsAll(
    params: ListDomainReportsParams,
    options?: RequestOptions,
  ): AsyncGenerator<DomainReport, void, undefined> {
    return this.#transport.pages<DomainReport>(
      {
        method: 'GET',
        path: `/v1/domains/${encodeURIComponent(params.domain)}/reports`,
        query: { limit: params.limit, cursor: params.cursor, kind: params.kind },
      },
      options,
    )
  }

  /** The domains, by name */
  listDomains(options?: RequestOptions): Promise<ListDomainsAnswer> {
    return this.#transport.json<ListDomainsAnswer>({ method: 'GET', path: '/v1/domains' }, options)
  }

  /** What has happened, in the order of the log */
  listEvents(params?: ListEventsParams, options?: RequestOptions): Promise<EventPage> {
    return this.#transport.json<EventPage>({ method: 'GET', path: '/v1/events', query: params }, options)
  }

  /** What has happened, in the order of the log: of all pages */
  listEventsAll(params?: ListEventsParams, options?: RequestOptions): AsyncGenerator<Event, void, undefined> {
    return this.#transport.pages<Event>({ method: 'GET', path: '/v1/events', query: params }, options)
  }

  /** Who you are at providers that sign you in, the oldest first */
  listIdentities(options?: RequestOptions): Promise<ListIdentitiesAnswer> {
    return this.#transport.json<ListIdentitiesAnswer>({ method: 'GET', path: '/v1/identities' }, options)
  }

  /** Invitations that can still be accepted, the latest first */
  listInvitations(options?: RequestOptions): Promise<ListInvitationsAnswer> {
    return this.#transport.json<ListInvitationsAnswer>({ method: 'GET', path: '/v1/invitations' }, options)
  }

  /** Your passkeys, the oldest first */
  listPasskeys(options?: RequestOptions): Promise<ListPasskeysAnswer> {
    return this.#transport.json<ListPasskeysAnswer>({ method: 'GET', path: '/v1/passkeys' }, options)
  }

  /** What waits, by stream and domain, the largest first, and why */
  listQueues(
    params?: {
      readonly limit?: number | undefined
    },
    options?: RequestOptions,
  ): Promise<ListQueuesAnswer> {
    return this.#transport.json<ListQueuesAnswer>(
      { method: 'GET', path: '/v1/queues', query: params },
      options,
    )
  }

  /** What the organization may send, and what is left */
  listQuotas(options?: RequestOptions): Promise<ListQuotasAnswer> {
    return this.#transport.json<ListQuotasAnswer>({ method: 'GET', path: '/v1/quotas' }, options)
  }

  /** Where the user has signed in, the latest first */
  listSessions(options?: RequestOptions): Promise<ListSessionsAnswer> {
    return this.#transport.json<ListSessionsAnswer>({ method: 'GET', path: '/v1/sessions' }, options)
  }

  /** The streams that the configuration names; mail in others is like mail in `transactional` */
  listStreams(options?: RequestOptions): Promise<ListStreamsAnswer> {
    return this.#transport.json<ListStreamsAnswer>({ method: 'GET', path: '/v1/streams' }, options)
  }

  /** Recipients that must not be tried, newest first */
  listSuppressions(params?: ListSuppressionsParams, options?: RequestOptions): Promise<SuppressionPage> {
    return this.#transport.json<SuppressionPage>(
      { method: 'GET', path: '/v1/suppressions', query: params },
      options,
    )
  }

  /** Recipients that must not be tried, newest first: of all pages */
  listSuppressionsAll(
    params?: ListSuppressionsParams,
    options?: RequestOptions,
  ): AsyncGenerator<Suppression, void, undefined> {
    return this.#transport.pages<Suppression>(
      { method: 'GET', path: '/v1/suppressions', query: params },
      options,
    )
  }

  /** The versions of a template that are kept, newest first */
  listTemplateVersions(
    params: {
      /** Lower-case letters, digits, dots, hyphens, underscores. */
      readonly name: string
    },
    options?: RequestOptions,
  ): Promise<ListTemplateVersionsAnswer> {
    return this.#transport.json<ListTemplateVersionsAnswer>(
      { method: 'GET', path: `/v1/templates/${encodeURIComponent(params.name)}/versions` },
      options,
    )
  }

  /** The templates, by name */
  listTemplates(params?: ListTemplatesParams, options?: RequestOptions): Promise<TemplatePage> {
    return this.#transport.json<TemplatePage>(
      { method: 'GET', path: '/v1/templates', query: params },
      options,
    )
  }

  /** The templates, by name: of all pages */
  listTemplatesAll(
    params?: ListTemplatesParams,
    options?: RequestOptions,
  ): AsyncGenerator<TemplateSummary, void, undefined> {
    return this.#transport.pages<TemplateSummary>(
      { method: 'GET', path: '/v1/templates', query: params },
      options,
    )
  }

  /** Who belongs to the organization, by address */
  listUsers(options?: RequestOptions): Promise<ListUsersAnswer> {
    return this.#transport.json<ListUsersAnswer>({ method: 'GET', path: '/v1/users' }, options)
  }

  /** What was sent and what came of it, newest first */
  listWebhookAttempts(
    params: ListWebhookAttemptsParams,
    options?: RequestOptions,
  ): Promise<WebhookAttemptPage> {
    return this.#transport.json<WebhookAttemptPage>(
      {
        method: 'GET',
        path: `/v1/webhooks/${encodeURIComponent(params.id)}/attempts`,
        query: { limit: params.limit, cursor: params.cursor },
      },
      options,
    )
  }

  /** What was sent and what came of it, newest first: of all pages */
  listWebhookAttemptsAll(
    params: ListWebhookAttemptsParams,
    options?: RequestOptions,
  ): AsyncGenerator<WebhookAttempt, void, undefined> {
    return this.#transport.pages<WebhookAttempt>(
      {
        method: 'GET',
        path: `/v1/webhooks/${encodeURIComponent(params.id)}/attempts`,
        query: { limit: params.limit, cursor: params.cursor },
      },
      options,
    )
  }

  /** The webhooks, oldest first */
  listWebhooks(options?: RequestOptions): Promise<ListWebhooksAnswer> {
    return this.#transport.json<ListWebhooksAnswer>({ method: 'GET', path: '/v1/webhooks' }, options)
  }

  /** Go on in another organization that the user belongs to */
  moveSession(body: MoveSessionBody, options?: RequestOptions): Promise<OwnSession> {
    return this.#transport.json<OwnSession>({ method: 'PATCH', path: '/v1/session', body }, options)
  }

  /** Make an organization */
  operatorAddOrganization(
    body: OperatorAddOrganizationBody,
    options?: RequestOptions,
  ): Promise<Organization> {
    return this.#transport.json<Organization>(
      { method: 'POST', path: '/v1/operator/organizations', body },
      options,
    )
  }

  /** What was changed, in all organizations and of the whole installation, the newest first */
  operatorAudit(params?: OperatorAuditParams, options?: RequestOptions): Promise<OperatorAuditAnswer> {
    return this.#transport.json<OperatorAuditAnswer>(
      { method: 'GET', path: '/v1/operator/audit', query: params },
      options,
    )
  }

  /** Hosts that get mail in clear because their TLS does not work */
  operatorBrokenTls(options?: RequestOptions): Promise<OperatorBrokenTlsAnswer> {
    return this.#transport.json<OperatorBrokenTlsAnswer>(
      { method: 'GET', path: '/v1/operator/broken-tls' },
      options,
    )
  }

  /** End a reaction before its time */
  operatorCancelReaction(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<Reaction> {
    return this.#transport.json<Reaction>(
      { method: 'DELETE', path: `/v1/operator/reactions/${encodeURIComponent(params.id)}` },
      options,
    )
  }

  /** Whether the machine is fit to send mail: disk, certificate, clock, DNS, addresses, ports, domains */
  operatorDoctor(options?: RequestOptions): Promise<OperatorDoctorAnswer> {
    return this.#transport.json<OperatorDoctorAnswer>({ method: 'GET', path: '/v1/operator/doctor' }, options)
  }

  /** What has happened, in the order of the log: of all organizations, and of the node itself */
  operatorEvents(params?: OperatorEventsParams, options?: RequestOptions): Promise<OperatorEventPage> {
    return this.#transport.json<OperatorEventPage>(
      { method: 'GET', path: '/v1/operator/events', query: params },
      options,
    )
  }

  /** What has happened, in the order of the log: of all organizations, and of the node itself: of all pages */
  operatorEventsAll(
    params?: OperatorEventsParams,
    options?: RequestOptions,
  ): AsyncGenerator<OperatorEvent, void, undefined> {
    return this.#transport.pages<OperatorEvent>(
      { method: 'GET', path: '/v1/operator/events', query: params },
      options,
    )
  }

  /** Let a reaction end so many seconds later */
  operatorExtendReaction(
    params: {
      readonly id: string
    },
    body: OperatorExtendReactionBody,
    options?: RequestOptions,
  ): Promise<Reaction> {
    return this.#transport.json<Reaction>(
      { method: 'POST', path: `/v1/operator/reactions/${encodeURIComponent(params.id)}/extend`, body },
      options,
    )
  }

  /** All organizations; default is the operator’s */
  operatorOrganizations(options?: RequestOptions): Promise<OperatorOrganizationsAnswer> {
    return this.#transport.json<OperatorOrganizationsAnswer>(
      { method: 'GET', path: '/v1/operator/organizations' },
      options,
    )
  }

  /** A link that makes whoever opens it an owner, once, within a day; the organization is made where there is none */
  operatorOwnerLink(
    params: {
      readonly organization: string
    },
    options?: RequestOptions,
  ): Promise<OperatorOwnerLinkAnswer> {
    return this.#transport.json<OperatorOwnerLinkAnswer>(
      {
        method: 'POST',
        path: `/v1/operator/organizations/${encodeURIComponent(params.organization)}/owner-link`,
      },
      options,
    )
  }

  /** One of them, with its content in base64 */
  operatorPostmasterMail(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<OperatorPostmasterMailAnswer> {
    return this.#transport.json<OperatorPostmasterMailAnswer>(
      { method: 'GET', path: `/v1/operator/postmaster-mail/${encodeURIComponent(params.id)}` },
      options,
    )
  }

  /** Mail for the postmaster that nobody else gets, the newest first */
  operatorPostmasterMails(
    params?: OperatorPostmasterMailsParams,
    options?: RequestOptions,
  ): Promise<OperatorPostmasterMailsAnswer> {
    return this.#transport.json<OperatorPostmasterMailsAnswer>(
      { method: 'GET', path: '/v1/operator/postmaster-mail', query: params },
      options,
    )
  }

  /** The scheduled queues of all organizations, and why what is due in them waits */
  operatorQueues(params?: OperatorQueuesParams, options?: RequestOptions): Promise<OperatorQueuesAnswer> {
    return this.#transport.json<OperatorQueuesAnswer>(
      { method: 'GET', path: '/v1/operator/queues', query: params },
      options,
    )
  }

  /** What organizations and their streams may send, and what is left */
  operatorQuotas(
    params?: {
      readonly organization?: string | undefined
    },
    options?: RequestOptions,
  ): Promise<OperatorQuotasAnswer> {
    return this.#transport.json<OperatorQuotasAnswer>(
      { method: 'GET', path: '/v1/operator/quotas', query: params },
      options,
    )
  }

  /** What became of mail, by source and group of receivers, and which shares are too high */
  operatorRates(
    params?: {
      readonly span?: 'hour' | 'day' | 'week' | undefined
    },
    options?: RequestOptions,
  ): Promise<OperatorRatesAnswer> {
    return this.#transport.json<OperatorRatesAnswer>(
      { method: 'GET', path: '/v1/operator/rates', query: params },
      options,
    )
  }

  /** What replies have set off, and what has not ended; the latest first */
  operatorReactions(options?: RequestOptions): Promise<OperatorReactionsAnswer> {
    return this.#transport.json<OperatorReactionsAnswer>(
      { method: 'GET', path: '/v1/operator/reactions' },
      options,
    )
  }

  /** Read configuration, shaping rules and certificates again; with problems nothing changes */
  operatorReload(options?: RequestOptions): Promise<OperatorReloadAnswer> {
    return this.#transport.json<OperatorReloadAnswer>(
      { method: 'POST', path: '/v1/operator/reload' },
      options,
    )
  }

  /** Remove one of them */
  operatorRemovePostmasterMail(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<KeptMail> {
    return this.#transport.json<KeptMail>(
      { method: 'DELETE', path: `/v1/operator/postmaster-mail/${encodeURIComponent(params.id)}` },
      options,
    )
  }

  /** What block lists and PTR records say of our addresses, the worst first */
  operatorReputation(options?: RequestOptions): Promise<OperatorReputationAnswer> {
    return this.#transport.json<OperatorReputationAnswer>(
      { method: 'GET', path: '/v1/operator/reputation' },
      options,
    )
  }

  /** Limit an organization, or one stream of it, to this and nothing else */
  operatorSetQuota(
    params: {
      readonly organization: string
    },
    body: OperatorSetQuotaBody,
    options?: RequestOptions,
  ): Promise<OperatorQuota> {
    return this.#transport.json<OperatorQuota>(
      {
        method: 'PUT',
        path: `/v1/operator/organizations/${encodeURIComponent(params.organization)}/quota`,
        body,
      },
      options,
    )
  }

  /** Put a warm-up on another step, or end it */
  operatorSetWarmUp(
    params: OperatorSetWarmUpParams,
    body: OperatorSetWarmUpBody,
    options?: RequestOptions,
  ): Promise<WarmUp> {
    return this.#transport.json<WarmUp>(
      {
        method: 'PUT',
        path: `/v1/operator/warm-ups/${encodeURIComponent(params.source)}/${encodeURIComponent(params.provider)}`,
        body,
      },
      options,
    )
  }

  /** The addresses that mail leaves by: their pools, warm-up, standing, and the rates of the last day */
  operatorSources(options?: RequestOptions): Promise<OperatorSourcesAnswer> {
    return this.#transport.json<OperatorSourcesAnswer>(
      { method: 'GET', path: '/v1/operator/sources' },
      options,
    )
  }

  /** How the node is: whether it takes mail, what waits, where it listens */
  operatorStatus(options?: RequestOptions): Promise<NodeStatus> {
    return this.#transport.json<NodeStatus>({ method: 'GET', path: '/v1/operator/status' }, options)
  }

  /** MTA-STS policies of receivers that hold (RFC 8461) */
  operatorTlsPolicies(
    params?: {
      readonly limit?: number | undefined
    },
    options?: RequestOptions,
  ): Promise<OperatorTlsPoliciesAnswer> {
    return this.#transport.json<OperatorTlsPoliciesAnswer>(
      { method: 'GET', path: '/v1/operator/tls-policies', query: params },
      options,
    )
  }

  /** One of them, whole, and where it went */
  operatorTlsReport(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<OperatorTlsReportAnswer> {
    return this.#transport.json<OperatorTlsReportAnswer>(
      { method: 'GET', path: `/v1/operator/tls-reports/${encodeURIComponent(params.id)}` },
      options,
    )
  }

  /** Reports about TLS that this node makes for others (RFC 8460), the newest first */
  operatorTlsReports(
    params?: {
      readonly limit?: number | undefined
    },
    options?: RequestOptions,
  ): Promise<OperatorTlsReportsAnswer> {
    return this.#transport.json<OperatorTlsReportsAnswer>(
      { method: 'GET', path: '/v1/operator/tls-reports', query: params },
      options,
    )
  }

  /** Sources that are warmed up, by group of receivers */
  operatorWarmUps(options?: RequestOptions): Promise<OperatorWarmUpsAnswer> {
    return this.#transport.json<OperatorWarmUpsAnswer>(
      { method: 'GET', path: '/v1/operator/warm-ups' },
      options,
    )
  }

  /** Send nothing until it is resumed */
  pauseWebhook(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<Webhook> {
    return this.#transport.json<Webhook>(
      { method: 'POST', path: `/v1/webhooks/${encodeURIComponent(params.id)}/pause` },
      options,
    )
  }

  /** What a template becomes with some variables; nothing is sent */
  previewTemplate(
    params: {
      /** Lower-case letters, digits, dots, hyphens, underscores. */
      readonly name: string
    },
    body: PreviewTemplateBody,
    options?: RequestOptions,
  ): Promise<TemplatePreview> {
    return this.#transport.json<TemplatePreview>(
      { method: 'POST', path: `/v1/templates/${encodeURIComponent(params.name)}/preview`, body },
      options,
    )
  }

  /** Let what is held go on */
  releaseMessage(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<ReleaseMessageAnswer> {
    return this.#transport.json<ReleaseMessageAnswer>(
      { method: 'POST', path: `/v1/messages/${encodeURIComponent(params.id)}/release` },
      options,
    )
  }

  /** Remove a domain and its keys: mail from it is refused within a second */
  removeDomain(
    params: {
      readonly domain: string
    },
    options?: RequestOptions,
  ): Promise<Domain> {
    return this.#transport.json<Domain>(
      { method: 'DELETE', path: `/v1/domains/${encodeURIComponent(params.domain)}` },
      options,
    )
  }

  /** Have a provider sign you in no more; every session ends, this one too */
  removeIdentity(
    params: {
      readonly id: string
    },
    body: RemoveIdentityBody,
    options?: RequestOptions,
  ): Promise<void> {
    return this.#transport.nothing(
      { method: 'POST', path: `/v1/identities/${encodeURIComponent(params.id)}/remove`, body },
      options,
    )
  }

  /** Withdraw an invitation: its link works no more */
  removeInvitation(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<Invitation> {
    return this.#transport.json<Invitation>(
      { method: 'DELETE', path: `/v1/invitations/${encodeURIComponent(params.id)}` },
      options,
    )
  }

  /** Remove a passkey; every session ends, this one too */
  removePasskey(
    params: {
      readonly id: string
    },
    body: RemovePasskeyBody,
    options?: RequestOptions,
  ): Promise<void> {
    return this.#transport.nothing(
      { method: 'POST', path: `/v1/passkeys/${encodeURIComponent(params.id)}/remove`, body },
      options,
    )
  }

  /** Let mail go to a recipient again */
  removeSuppression(
    params: RemoveSuppressionParams,
    options?: RequestOptions,
  ): Promise<RemoveSuppressionAnswer> {
    return this.#transport.json<RemoveSuppressionAnswer>(
      {
        method: 'DELETE',
        path: `/v1/suppressions/${encodeURIComponent(params.recipient)}`,
        query: { stream: params.stream, why: params.why },
      },
      options,
    )
  }

  /** Remove a template with all its versions */
  removeTemplate(
    params: {
      /** Lower-case letters, digits, dots, hyphens, underscores. */
      readonly name: string
    },
    options?: RequestOptions,
  ): Promise<void> {
    return this.#transport.nothing(
      { method: 'DELETE', path: `/v1/templates/${encodeURIComponent(params.name)}` },
      options,
    )
  }

  /** From now on signing in asks for the password alone */
  removeTotp(body: RemoveTotpBody, options?: RequestOptions): Promise<void> {
    return this.#transport.nothing({ method: 'POST', path: '/v1/totp/remove', body }, options)
  }

  /** Remove a user from the organization; all their sessions end */
  removeUser(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<User> {
    return this.#transport.json<User>(
      { method: 'DELETE', path: `/v1/users/${encodeURIComponent(params.id)}` },
      options,
    )
  }

  /** Remove a webhook and its attempts */
  removeWebhook(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<void> {
    return this.#transport.nothing(
      { method: 'DELETE', path: `/v1/webhooks/${encodeURIComponent(params.id)}` },
      options,
    )
  }

  /** New codes on paper; the earlier ones open nothing any more */
  renewRecoveryCodes(
    body: RenewRecoveryCodesBody,
    options?: RequestOptions,
  ): Promise<RenewRecoveryCodesAnswer> {
    return this.#transport.json<RenewRecoveryCodesAnswer>(
      { method: 'POST', path: '/v1/totp/recovery-codes', body },
      options,
    )
  }

  /** Send again what was written down since a time, and then what follows */
  replayWebhook(
    params: {
      readonly id: string
    },
    body: ReplayWebhookBody,
    options?: RequestOptions,
  ): Promise<Webhook> {
    return this.#transport.json<Webhook>(
      { method: 'POST', path: `/v1/webhooks/${encodeURIComponent(params.id)}/replay`, body },
      options,
    )
  }

  /** Set another password by the link; every session ends */
  resetPassword(body: ResetPasswordBody, options?: RequestOptions): Promise<void> {
    return this.#transport.nothing({ method: 'POST', path: '/v1/password-reset/confirm', body }, options)
  }

  /** Go on where it stood, at once */
  resumeWebhook(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<Webhook> {
    return this.#transport.json<Webhook>(
      { method: 'POST', path: `/v1/webhooks/${encodeURIComponent(params.id)}/resume` },
      options,
    )
  }

  /** Try what waits at once */
  retryMessage(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<RetryMessageAnswer> {
    return this.#transport.json<RetryMessageAnswer>(
      { method: 'POST', path: `/v1/messages/${encodeURIComponent(params.id)}/retry` },
      options,
    )
  }

  /** End an API key, within a second */
  revokeApiKey(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<ApiKey> {
    return this.#transport.json<ApiKey>(
      { method: 'DELETE', path: `/v1/api-keys/${encodeURIComponent(params.id)}` },
      options,
    )
  }

  /** End an SMTP login, within a second */
  revokeCredential(
    params: {
      readonly login: string
    },
    options?: RequestOptions,
  ): Promise<Credential> {
    return this.#transport.json<Credential>(
      { method: 'DELETE', path: `/v1/credentials/${encodeURIComponent(params.login)}` },
      options,
    )
  }

  /** New DKIM keys to publish beside those that sign; they sign when they are activated */
  rotateDkim(
    params: {
      readonly domain: string
    },
    options?: RequestOptions,
  ): Promise<DomainDetail> {
    return this.#transport.json<DomainDetail>(
      { method: 'POST', path: `/v1/domains/${encodeURIComponent(params.domain)}/dkim/rotate` },
      options,
    )
  }

  /** A new secret; the one until now signs as well for a while */
  rotateWebhook(params: RotateWebhookParams, options?: RequestOptions): Promise<RotateWebhookAnswer> {
    return this.#transport.json<RotateWebhookAnswer>(
      {
        method: 'POST',
        path: `/v1/webhooks/${encodeURIComponent(params.id)}/rotate`,
        query: { overlap: params.overlap },
      },
      options,
    )
  }

  /** Send one letter to many */
  sendBatch(body: Batch, options?: RequestOptions): Promise<BatchAccepted> {
    return this.#transport.json<BatchAccepted>(
      { method: 'POST', path: '/v1/messages/batch', body, takesKey: true },
      options,
    )
  }

  /** Send a message */
  sendMessage(body: Message | FormData, options?: RequestOptions): Promise<MessageAccepted> {
    return this.#transport.json<MessageAccepted>(
      { method: 'POST', path: '/v1/messages', body, takesKey: true },
      options,
    )
  }

  /** Send a message that is made already */
  sendRawMessage(
    body: RawMessage | Uint8Array,
    query?: SendRawMessageQuery,
    options?: RequestOptions,
  ): Promise<MessageAccepted> {
    return this.#transport.json<MessageAccepted>(
      { method: 'POST', path: '/v1/messages/mime', body, query, takesKey: true },
      options,
    )
  }

  /** A domain, its keys, and each record with what the last look into the DNS found of it */
  showDomain(
    params: {
      readonly domain: string
    },
    options?: RequestOptions,
  ): Promise<DomainDetail> {
    return this.#transport.json<DomainDetail>(
      { method: 'GET', path: `/v1/domains/${encodeURIComponent(params.domain)}` },
      options,
    )
  }

  /** One of these reports, whole; its texts are a stranger’s */
  showDomainReport(
    params: ShowDomainReportParams,
    options?: RequestOptions,
  ): Promise<ShowDomainReportAnswer> {
    return this.#transport.json<ShowDomainReportAnswer>(
      {
        method: 'GET',
        path: `/v1/domains/${encodeURIComponent(params.domain)}/reports/${encodeURIComponent(params.id)}`,
      },
      options,
    )
  }

  /** The records to publish, as lines of a zone file */
  showDomainZone(
    params: {
      readonly domain: string
    },
    options?: RequestOptions,
  ): Promise<string> {
    return this.#transport.text(
      { method: 'GET', path: `/v1/domains/${encodeURIComponent(params.domain)}/zone` },
      options,
    )
  }

  /** A message, its deliveries, and what happened to each */
  showMessage(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<MessageWithDeliveries> {
    return this.#transport.json<MessageWithDeliveries>(
      { method: 'GET', path: `/v1/messages/${encodeURIComponent(params.id)}` },
      options,
    )
  }

  /** What signs people in beside a password */
  showSignIn(options?: RequestOptions): Promise<SignIn> {
    return this.#transport.json<SignIn>({ method: 'GET', path: '/v1/sign-in' }, options)
  }

  /** How mail went, by what it is to be told apart */
  showStatistics(params?: ShowStatisticsParams, options?: RequestOptions): Promise<ShowStatisticsAnswer> {
    return this.#transport.json<ShowStatisticsAnswer>(
      { method: 'GET', path: '/v1/statistics', query: params },
      options,
    )
  }

  /** One of them */
  showStream(
    params: {
      readonly stream: string
    },
    options?: RequestOptions,
  ): Promise<Stream> {
    return this.#transport.json<Stream>(
      { method: 'GET', path: `/v1/streams/${encodeURIComponent(params.stream)}` },
      options,
    )
  }

  /** Why a recipient is suppressed or was, newest first */
  showSuppressions(
    params: {
      readonly recipient: string
    },
    options?: RequestOptions,
  ): Promise<ShowSuppressionsAnswer> {
    return this.#transport.json<ShowSuppressionsAnswer>(
      { method: 'GET', path: `/v1/suppressions/${encodeURIComponent(params.recipient)}` },
      options,
    )
  }

  /** A template, as it is or as it was in an earlier version */
  showTemplate(params: ShowTemplateParams, options?: RequestOptions): Promise<Template> {
    return this.#transport.json<Template>(
      {
        method: 'GET',
        path: `/v1/templates/${encodeURIComponent(params.name)}`,
        query: { version: params.version },
      },
      options,
    )
  }

  /** Whether signing in asks for a code */
  showTotp(options?: RequestOptions): Promise<ShowTotpAnswer> {
    return this.#transport.json<ShowTotpAnswer>({ method: 'GET', path: '/v1/totp' }, options)
  }

  /** A webhook, and how it is doing */
  showWebhook(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<Webhook> {
    return this.#transport.json<Webhook>(
      { method: 'GET', path: `/v1/webhooks/${encodeURIComponent(params.id)}` },
      options,
    )
  }

  /** Sign in: the answer sets a cookie */
  signIn(
    body: SignInBody,
    options?: RequestOptions,
  ): Promise<
    | OwnSession
    | {
        readonly needs: 'code'
      }
  > {
    return this.#transport.json<
      | OwnSession
      | {
          readonly needs: 'code'
        }
    >({ method: 'POST', path: '/v1/session', body }, options)
  }

  /** Show the code that signing in asks for */
  signInCode(body: SignInCodeBody, options?: RequestOptions): Promise<OwnSession> {
    return this.#transport.json<OwnSession>(
      { method: 'POST', path: '/v1/session/second-factor', body },
      options,
    )
  }

  /** Sign in by what the provider sent the browser back with: the answer sets a cookie */
  signInOidc(
    body: SignInOidcBody,
    options?: RequestOptions,
  ): Promise<
    | OwnSession
    | {
        readonly needs: 'code'
      }
  > {
    return this.#transport.json<
      | OwnSession
      | {
          readonly needs: 'code'
        }
    >({ method: 'POST', path: '/v1/session/oidc', body }, options)
  }

  /** Sign in by a passkey, without password and code: the answer sets a cookie */
  signInPasskey(body: SignInPasskeyBody, options?: RequestOptions): Promise<OwnSession> {
    return this.#transport.json<OwnSession>({ method: 'POST', path: '/v1/session/passkey', body }, options)
  }

  /** Sign out */
  signOut(options?: RequestOptions): Promise<void> {
    return this.#transport.nothing({ method: 'DELETE', path: '/v1/session' }, options)
  }

  /** Send a ping, and tell what came of it */
  testWebhook(
    params: {
      readonly id: string
    },
    options?: RequestOptions,
  ): Promise<WebhookAttempt> {
    return this.#transport.json<WebhookAttempt>(
      { method: 'POST', path: `/v1/webhooks/${encodeURIComponent(params.id)}/test` },
      options,
    )
  }

  /** Look into the DNS now; what was looked at less than five seconds ago is not looked at again */
  verifyDomain(
    params: {
      readonly domain: string
    },
    options?: RequestOptions,
  ): Promise<DomainDetail> {
    return this.#transport.json<DomainDetail>(
      { method: 'POST', path: `/v1/domains/${encodeURIComponent(params.domain)}/verify` },
      options,
    )
  }
}
