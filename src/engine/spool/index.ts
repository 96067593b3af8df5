export { CHANGE_LIMIT } from './change.ts'
export { COUNT_KEYS, COUNT_LIMITS, COUNTED, OTHERS, OURS, percentile } from './count.ts'
export type { Counted, CountKey, CountQuery, CountRow, Delays } from './count.ts'
export { cursorBehind, DELIVERY_EVENTS, EVENT_KINDS, OPERATION_EVENTS, parseCursor } from './event.ts'
export type {
  Cursor,
  DeliveryEvent,
  Event,
  EventData,
  EventKind,
  EventQuery,
  Events,
  NewEvent,
} from './event.ts'
export type { IdempotencyKey, IdempotencyKeys, KeptRequest } from './idempotency.ts'
export { WHOLE_LIMIT } from './content.ts'
export type { Content } from './content.ts'
export { isOurs } from './message.ts'
export { messageIds } from './message-ids.ts'
export type { IdRange } from './message-ids.ts'
export type { DeliveryKey, MessageId } from '#grammar/message-id'
export type {
  Attempt,
  AttemptBounce,
  Claimed,
  Delivery,
  DeliveryState,
  Instant,
  Message,
  Metadata,
  NewDelivery,
  Past,
  Report,
  SenderNotice,
  Settlement,
  Tracking,
} from './message.ts'
export { labelFault, METADATA, TAGS } from './label.ts'
export { DATA_LIMIT } from './message.ts'
export { memorySpool } from './memory.ts'
export { openSpool } from './open.ts'
export type { SpoolOptions } from './open.ts'
export { SpoolError } from './spool.ts'
export type {
  Change,
  DeliveryFilter,
  MessageView,
  NewMessage,
  Page,
  QueueDepth,
  QueueDue,
  Reported,
  Searched,
  Spool,
  SpoolErrorCode,
  SpoolStatus,
  Writing,
} from './spool.ts'
export { STORE_THREAD, connectSpool, startSpoolThread } from './thread.ts'
export type { SpoolThread } from './thread.ts'
