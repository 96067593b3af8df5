export { CHANGE_LIMIT } from './change.ts'
export { WHOLE_LIMIT } from './content.ts'
export type { Content } from './content.ts'
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
  NewDelivery,
  Report,
  SenderNotice,
  Settlement,
} from './message.ts'
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
  Spool,
  SpoolErrorCode,
  SpoolStatus,
  Writing,
} from './spool.ts'
export { STORE_THREAD, connectSpool, startSpoolThread } from './thread.ts'
export type { SpoolThread } from './thread.ts'
