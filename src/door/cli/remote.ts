/** The operator's functions as calls to the control socket of a running node. */

import { request } from 'node:http'

import { OperationError } from '#product/operation'
import type { Operations } from '#product/operation'

/** How long an operation may take, in ms. A change of a million deliveries is the longest. */
const PATIENCE = 300_000

type Answer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string } }

const NAMES: readonly (keyof Operations)[] = [
  'status',
  'queues',
  'messages',
  'message',
  'change',
  'send',
  'domains',
  'domainAdd',
  'domainShow',
  'credentials',
  'credentialAdd',
  'credentialRevoke',
  'reload',
]

/** Every call rejects with OperationError `not-running` when nobody listens on the socket. */
export function remoteOperations(socketPath: string): Operations {
  const calls = NAMES.map((name) => [name, (argument: unknown) => call(socketPath, name, argument)] as const)
  return Object.fromEntries(calls) as unknown as Operations
}

async function call(socketPath: string, name: string, argument: unknown): Promise<unknown> {
  const answer = JSON.parse(await post(socketPath, name, JSON.stringify(argument ?? null))) as Answer
  if ('result' in answer) return answer.result
  const { code, message } = answer.error
  throw code === 'refused' || code === 'invalid' || code === 'not-running'
    ? new OperationError(code, message)
    : new Error(message)
}

function post(socketPath: string, name: string, body: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const signal = AbortSignal.timeout(PATIENCE)
  const asked = request({ socketPath, path: `/${name}`, method: 'POST', signal }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    response.on('error', reject)
  })
  asked.on('error', (cause) => reject(explain(socketPath, cause)))
  asked.end(body)
  return promise
}

function explain(socketPath: string, cause: Error): Error {
  const code = 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new OperationError('not-running', `no node listens on ${socketPath}`, { cause })
  }
  if (code === 'EACCES')
    return new OperationError('refused', `${socketPath} belongs to another user`, { cause })
  return cause
}
