export { fromInteger, idAt, parseMessageId, tickAt, tickOf, timeOf, toInteger } from './message-id.ts'
export type { DeliveryKey, MessageId } from './message-id.ts'
