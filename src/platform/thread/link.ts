/** Functions on one side of a MessagePort, called from the other. No routing, no retries: a call is answered or the port is gone. */

import type { MessagePort, Transferable } from 'node:worker_threads'

/** The other side's functions: each call settles as theirs does, with errors that keep name, code and message. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never
}

export type Link<T> = {
  readonly remote: Remote<T>
  /** Resolves when either side closed the port or the other thread ended; all pending calls have rejected by then. */
  readonly closed: Promise<void>
  readonly close: () => void
}

/** `closed`: the port is gone, and nobody knows whether the call was carried out. `unknown`: no such function. */
export class ThreadError extends Error {
  override readonly name = 'ThreadError'
  readonly code: 'closed' | 'unknown'
  constructor(code: 'closed' | 'unknown', message: string) {
    super(message)
    this.code = code
  }
}

type Failure = {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
}
type Packet =
  | readonly ['call', number, string, readonly unknown[]]
  | readonly ['ok', number, unknown]
  | readonly ['failed', number, Failure]
type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }

const moved = new WeakMap<object, readonly Transferable[]>()

/** Marks `value`, as an argument or a result, so that `list` is moved instead of copied; the buffers are empty here after. */
export function transfer<T extends object>(value: T, list: readonly Transferable[]): T {
  moved.set(value, list)
  return value
}

/**
 * Joins a port: `ours` may be called by the other side, `remote` is what it offers. Any number of ports may serve one
 * object. Only own properties that are functions can be called.
 */
export function link<T extends object>(port: MessagePort, ours: object = {}): Link<T> {
  const pending = new Map<number, Waiting>()
  const over = Promise.withResolvers<void>()
  let calls = 0
  let open = true
  const end = (): void => {
    if (!open) return
    open = false
    for (const { reject } of pending.values()) reject(new ThreadError('closed', 'the other thread is gone'))
    pending.clear()
    over.resolve()
  }
  const close = (): void => {
    port.close()
    end()
  }
  const call = (method: string, args: readonly unknown[]): Promise<unknown> => {
    if (!open) return Promise.reject(new ThreadError('closed', `${method}: the other thread is gone`))
    const waiting = Promise.withResolvers<unknown>()
    const id = (calls += 1)
    // First the post: arguments that cannot be cloned throw here, and then nothing must be left pending.
    post(port, ['call', id, method, args], args)
    pending.set(id, waiting)
    return waiting.promise
  }
  port.on('message', (packet: Packet) => {
    if (packet[0] === 'call') void answer(port, ours, packet)
    else settle(pending, packet)
  })
  port.on('messageerror', close)
  port.on('close', end)
  return { remote: remoteOf<T>(call), closed: over.promise, close }
}

function remoteOf<T>(call: (method: string, args: readonly unknown[]) => Promise<unknown>): Remote<T> {
  const known = new Map<string, (...args: unknown[]) => Promise<unknown>>()
  const get = (_: object, name: string | symbol): unknown => {
    // A remote that seems to have `then` would be called by the first `await` that meets it.
    if (typeof name === 'symbol' || name === 'then') return undefined
    const found = known.get(name)
    if (found) return found
    const method = async (...args: unknown[]): Promise<unknown> => call(name, args)
    known.set(name, method)
    return method
  }
  return new Proxy({}, { get }) as Remote<T>
}

function settle(
  pending: Map<number, Waiting>,
  packet: Exclude<Packet, readonly ['call', ...unknown[]]>,
): void {
  const waiting = pending.get(packet[1])
  if (!waiting) return
  pending.delete(packet[1])
  if (packet[0] === 'ok') waiting.resolve(packet[2])
  else waiting.reject(revive(packet[2]))
}

async function answer(
  port: MessagePort,
  ours: object,
  packet: Extract<Packet, readonly ['call', ...unknown[]]>,
): Promise<void> {
  const [, id, method, args] = packet
  try {
    const found: unknown = Object.hasOwn(ours, method) ? ours[method as keyof typeof ours] : undefined
    if (typeof found !== 'function') throw new ThreadError('unknown', `${method} is not served here`)
    const result: unknown = await Reflect.apply(found, ours, args)
    post(port, ['ok', id, result], [result])
  } catch (error) {
    port.postMessage(['failed', id, describe(error)] satisfies Packet)
  }
}

function post(port: MessagePort, packet: Packet, values: readonly unknown[]): void {
  const list: Transferable[] = []
  for (const value of values) {
    const some = typeof value === 'object' && value !== null ? moved.get(value) : undefined
    if (some) list.push(...some)
  }
  port.postMessage(packet, list)
}

function describe(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, stack } = error
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  return { name, message, ...code, ...(stack === undefined ? {} : { stack }) }
}

function revive({ name, message, code, stack }: Failure): Error {
  const error = new Error(message)
  Object.assign(error, { name }, code === undefined ? {} : { code }, stack === undefined ? {} : { stack })
  return error
}
