/** What an operator can follow on a running node: values as they come up, beside the operations that answer once. */

import type { TraceRecord } from '#engine/trace'
import { parseDomain } from '#grammar/address'
import { parseMessageId } from '#grammar/message-id'
import type { MessageId } from '#grammar/message-id'
import { parseRanges } from '#platform/address-range'

import { choice, optional, parsed, record } from './reader.ts'
import type { Reader } from './reader.ts'

/** Which sessions; without any of these, all of them. */
export type TraceQuery = {
  readonly way?: 'in' | 'out'
  /** The other side's address, or a network that it is in. */
  readonly client?: string
  /** Transactions from or to this domain. */
  readonly domain?: string
  readonly message?: MessageId
}

export type Streams = {
  /**
   * What is said in sessions, in groups as it comes. Ends when the node stops, when `signal` is aborted, and when the
   * reader returns. @throws {OperationError} `refused` when too many follow already, `not-running`
   */
  trace(query: TraceQuery, signal: AbortSignal): AsyncIterable<readonly TraceRecord[]>
}

type Queries = { readonly [K in keyof Streams]: Reader<Parameters<Streams[K]>[0]> }

const QUERIES: Queries = {
  trace: record<TraceQuery>({
    way: optional(choice(['in', 'out'])),
    client: optional(parsed('an address, or a network such as 192.0.2.0/24', networkOf)),
    domain: optional(parsed('a domain', parseDomain)),
    message: optional(parsed('a message id such as 0ab3xk9m2pq', parseMessageId)),
  }),
}

function networkOf(text: string): string | undefined {
  return parseRanges([text]).ok ? text : undefined
}

/**
 * Follows the stream that a stranger named, with the argument that came along.
 * @throws {OperationError} `invalid` before anything was done, when it takes no such argument
 */
export function follow(
  streams: Streams,
  stream: keyof Streams,
  argument: unknown,
  signal: AbortSignal,
): AsyncIterable<readonly unknown[]> {
  return streams[stream](QUERIES[stream](argument, `${stream}: `), signal)
}

export function isStream(name: string): name is keyof Streams {
  return Object.hasOwn(QUERIES, name)
}
