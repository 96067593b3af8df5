export type { DeliverBy, Envelope, Notify, Recipient } from './envelope.ts'
export { formatReply, reply } from './reply.ts'
export type { Reply } from './reply.ts'
