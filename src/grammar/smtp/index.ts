export { NO_CAPABILITIES, parseCapabilities } from './capability.ts'
export type { Capabilities } from './capability.ts'
export { ChunkDecoder } from './chunk.ts'
export type { ChunkOptions } from './chunk.ts'
export { REPLY_LIMITS, ReplyParser } from './client-reply.ts'
export type { ClientReply, ReplyError, ReplyEvent } from './client-reply.ts'
export { Collector } from './collect.ts'
export { parseCommand, VERBS } from './command.ts'
export type { Command, CommandContext, MailParameters, Verb } from './command.ts'
export type { ContentFault, ContentOptions, Decoded } from './content.ts'
export { DataDecoder } from './data.ts'
export type { DeliverBy, Envelope, Notify, Recipient } from './envelope.ts'
export type { Extension } from './extension.ts'
export { LINE_LIMITS, LineBuffer } from './line.ts'
export type { Line, LineLimits } from './line.ts'
export { formatProxy, parseProxy, PROXY_LIMIT } from './proxy.ts'
export type { Endpoint, ProxyHeader, ProxyParsed } from './proxy.ts'
export { formatOrcpt } from './rcpt-parameters.ts'
export { formatReply, reply } from './reply.ts'
export type { Reply } from './reply.ts'
export { DataEncoder, encodeData } from './stuff.ts'
export type { Encoded } from './stuff.ts'
export { formatXclient, parseXclient } from './xclient.ts'
export type { XclientAttributes } from './xclient.ts'
export { decodeXtext, encodeXtext } from './xtext.ts'
export type { SessionLimits, Terms } from './session-terms.ts'
export type {
  Action,
  Event,
  Identity,
  LoginQuestion,
  Offer,
  Session,
  Step,
  Surroundings,
} from './session-state.ts'
export { greet, step } from './session.ts'
