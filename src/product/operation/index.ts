export { OperationError } from './operation.ts'
export type { MessageRow, MessagesQuery, NodeStatus, Operations, QueueRow, SendRequest } from './operation.ts'
