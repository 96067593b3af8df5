export { OperationError } from './operation-error.ts'
export type { OperationErrorCode } from './operation-error.ts'
export { LIST_LIMIT } from './operation.ts'
export type {
  BrokenRow,
  Changed,
  Explained,
  MessageRow,
  MessagesQuery,
  NodeStatus,
  Operations,
  PastExperience,
  PastPage,
  QueueRow,
  QueuesQuery,
  QueuesView,
  RatesView,
  Reloaded,
  SendRequest,
  SourceView,
  TlsPolicyRow,
  TlsReportRow,
  KeptMailView,
  TlsReportView,
} from './operation.ts'
export type { QuotaOperations } from './quota.ts'
export type { WebhookOperations } from './webhook.ts'
export { follow, isStream } from './stream.ts'
export type { Streams, TraceQuery } from './stream.ts'
export {
  CHANGES,
  DELIVERY_STATES,
  OPERATION_NAMES,
  perform,
  REPORT_KINDS,
  SUPPRESSION_REASONS,
} from './request.ts'
