/**
 * The receiver that `npm start` and the tests deliver to: an SMTP server that takes everything or misbehaves as the
 * address asks, a DNS that leads every domain to it, and a page to look at what came. All on loopback.
 */

import type { Server } from 'node:http'
import { createSecureContext } from 'node:tls'

import type { DnsServer } from '#platform/dns'

import { Inbox } from './inbox.ts'
import type { Keep, Received } from './inbox.ts'
import { Listeners } from './listeners.ts'
import { startNameServer } from './name-server.ts'
import { Patience } from './patience.ts'
import { PERSONALITIES, Receiver } from '#engine/receiver'
import type { Overrun, Rules } from '#engine/receiver'
import { startWeb } from './web.ts'

export type SandboxOptions = {
  /** 0 takes any free port. */
  readonly smtpPort: number
  readonly dnsPort: number
  readonly httpPort: number
  /** PEM. Absent: STARTTLS is not offered. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer }
  /** Messages and octets kept, the oldest go first. Default: 1,000 and 64 MiB. 0 messages: a sink that only counts. */
  readonly keep?: Keep
  /** How late each reply of `tarpit@` is, in ms. Default: 5,000 */
  readonly slowness?: number
  /** For how long `greylist@` is put off, in ms. Default: 5,000 */
  readonly greylisting?: number
  /** Known domains lead to hosts that bear and say what these rules do. Absent: they are like any other. */
  readonly personalities?: Rules
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export type Sandbox = AsyncDisposable & {
  readonly smtpPort: number
  readonly dnsPort: number
  readonly httpPort: number
  /** Messages answered with 250, kept or not. */
  readonly accepted: number
  /** Those of them that are kept, oldest first. */
  received(): readonly Received[]
  /** Also those refused after their content, and those whose connection was dropped. */
  all(): readonly Received[]
  /** What was more than a receiver that the sandbox plays bears. */
  overruns(): readonly Overrun[]
  /** Resolves once so many messages have been answered with 250; rejects when `signal` says so or the sandbox closes. */
  waitFor(count: number, signal?: AbortSignal): Promise<void>
  /** Forgets all messages, and begins to count anew. */
  clear(): void
}

const KEEP: Keep = { messages: 1_000, bytes: 64 * 1024 * 1024 }
const SLOWNESS = 5_000

/** Rejects when a port is taken. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { tls, keep = KEEP, slowness = SLOWNESS, greylisting = SLOWNESS, personalities, now } = options
  await using opened = new AsyncDisposableStack()
  const inbox = new Inbox(keep)
  const receivers =
    personalities === undefined ? [] : PERSONALITIES.map((one) => new Receiver(one, personalities))
  const smtp = opened.use(
    await Listeners.on(
      options.smtpPort,
      {
        inbox,
        patience: new Patience(),
        slowness,
        greylisting,
        now,
        ...(tls === undefined ? {} : { tls: createSecureContext({ ...tls, minVersion: 'TLSv1.2' }) }),
      },
      receivers,
    ),
  )
  const addresses = { v6: smtp.addresses.has('::1'), personas: smtp.addresses, receivers }
  const dns = opened.use(await startNameServer(options.dnsPort, addresses))
  const web = await startWeb(options.httpPort, inbox)
  opened.defer(() => closeWeb(web))
  opened.defer(() => inbox.close())
  return sandboxOf({ inbox, smtp, dns, web, receivers }, opened.move())
}

type Parts = {
  readonly inbox: Inbox
  readonly smtp: Listeners
  readonly dns: DnsServer
  readonly web: Server
  readonly receivers: readonly Receiver[]
}

function sandboxOf({ inbox, smtp, dns, web, receivers }: Parts, opened: AsyncDisposableStack): Sandbox {
  const address = web.address()
  return {
    smtpPort: smtp.port,
    dnsPort: dns.port,
    httpPort: typeof address === 'object' && address !== null ? address.port : 0,
    get accepted() {
      return inbox.accepted
    },
    received: () => inbox.all().filter(({ reply }) => reply?.startsWith('2') === true),
    all: () => inbox.all(),
    overruns: () => receivers.flatMap(({ overruns }) => overruns),
    waitFor: (count, signal) => inbox.waitFor(count, signal),
    clear: () => inbox.clear(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function closeWeb(web: Server): Promise<void> {
  web.closeAllConnections()
  await new Promise<void>((resolve) => void web.close(() => resolve()))
}
