/** The operator's functions as calls to the control socket of a running node. */

import { request } from 'node:http'

import { OPERATION_NAMES, OperationError } from '#product/operation'
import type { Operations } from '#product/operation'

/** How long an operation may take, in ms. A change of a million deliveries is the longest. */
const PATIENCE = 300_000

/**
 * Calls reject with OperationError as the node's did, with `not-running` when nobody listens on the socket, and with an
 * Error in words for the operator when the node did not answer.
 */
export function remoteOperations(socketPath: string, patience = PATIENCE): Operations {
  const ask = async (name: string, argument: unknown): Promise<unknown> =>
    resultOf(await post({ socketPath, name, patience }, JSON.stringify(argument ?? null)))
  const calls = OPERATION_NAMES.map((name) => [name, (argument: unknown) => ask(name, argument)] as const)
  return Object.fromEntries(calls) as unknown as Operations
}

type Answer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string } }

/** The result in an answer. @throws as the node did */
export function resultOf(text: string): unknown {
  const answer = parse(text)
  if ('result' in answer) return answer.result
  const { code, message } = answer.error
  throw code === 'refused' || code === 'invalid' || code === 'not-running'
    ? new OperationError(code, message)
    : new Error(message)
}

function parse(text: string): Answer {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    answer = undefined
  }
  if (typeof answer === 'object' && answer !== null && ('result' in answer || 'error' in answer))
    return answer as Answer
  throw new Error('the node answered in a way that this program does not understand: is it another version?')
}

type Call = { readonly socketPath: string; readonly name: string; readonly patience: number }

function post({ socketPath, name, patience }: Call, body: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const signal = AbortSignal.timeout(patience)
  // No agent: a connection that is kept for later would be one that the stopping node waits for.
  const options = { socketPath, path: `/${name}`, method: 'POST', signal, agent: false }
  const fail = (cause: Error): void =>
    reject(explain(socketPath, signal.aborted ? patience : undefined, cause))
  const asked = request(options, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    response.on('error', fail)
  })
  asked.on('error', fail)
  asked.end(body)
  return promise
}

/** Why there is no answer. */
export function explain(socketPath: string, patience: number | undefined, cause: Error): Error {
  if (patience !== undefined)
    return new Error(`the node has not answered within ${patience / 1_000} s; it may still be at it`, {
      cause,
    })
  switch ('code' in cause ? cause.code : undefined) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new OperationError('not-running', `no node listens on ${socketPath}`, { cause })
    case 'EACCES':
    case 'EPERM':
      return new OperationError(
        'refused',
        `${socketPath} belongs to another user: run this as the user that runs the node, or as root`,
        { cause },
      )
    case 'ECONNRESET':
    case 'EPIPE':
      return new Error('the node ended before it answered: whether it did what was asked is not known', {
        cause,
      })
    default:
      return cause
  }
}
