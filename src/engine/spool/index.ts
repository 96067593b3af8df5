export { CHANGE_LIMIT } from './change.ts'
export { WHOLE_LIMIT } from './content.ts'
export type { Content } from './content.ts'
export { formatDelivery, messageIds, parseMessageId } from './message-id.ts'
export type { DeliveryKey, IdRange, MessageId } from './message-id.ts'
export type {
  Attempt,
  Claimed,
  Delivery,
  DeliveryState,
  Instant,
  Message,
  NewDelivery,
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
  Spool,
  SpoolErrorCode,
  SpoolStatus,
  Writing,
} from './spool.ts'
export { STORE_THREAD, connectSpool, startSpoolThread } from './thread.ts'
export type { SpoolThread } from './thread.ts'
