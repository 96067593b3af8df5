/** The SMTP ports of the sandbox: one number on several loopback addresses, one for each persona. */

import { createServer } from 'node:net'
import type { Server } from 'node:net'

import { Connection } from './connection.ts'
import type { House } from './connection.ts'
import { ORDINARY, personaOf, PERSONAS } from './persona.ts'
import type { Persona } from './persona.ts'
import type { Receiver } from '#engine/receiver'

const V6 = '::1'
/** The kernel hands out a number free on one address; another process may hold it on the others. */
const ATTEMPTS = 20

type Open = { readonly server: Server; readonly address: string }

export class Listeners implements AsyncDisposable {
  readonly port: number
  readonly addresses: ReadonlySet<string>
  readonly #open: readonly Open[]
  readonly #connections: Set<Connection>

  private constructor(port: number, open: readonly Open[], connections: Set<Connection>) {
    this.port = port
    this.addresses = new Set(open.map(({ address }) => address))
    this.#open = open
    this.#connections = connections
  }

  /** Rejects when the ordinary host's port is taken. A persona whose address cannot be opened is left out. */
  static async on(port: number, house: House, receivers: readonly Receiver[] = []): Promise<Listeners> {
    for (let attempt = 1; ; attempt++) {
      const connections = new Set<Connection>()
      const serve = (persona: Persona): Server => serverOf(persona, house, connections)
      const first = await listen(serve(ORDINARY), port, ORDINARY.address)
      const others = await Promise.allSettled(
        personas(receivers).map(
          async ({ persona, address }) => await listen(serve(persona), first.port, address),
        ),
      )
      const open = [first, ...others.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))]
      const isTaken = others.some((one) => one.status === 'rejected' && codeOf(one.reason) === 'EADDRINUSE')
      if (port !== 0 || !isTaken || attempt === ATTEMPTS) return new Listeners(first.port, open, connections)
      await closeAll(open)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.destroy()
    await closeAll(this.#open)
  }
}

function personas(
  receivers: readonly Receiver[],
): readonly { readonly persona: Persona; readonly address: string }[] {
  const open = [...PERSONAS, ...receivers.map(personaOf)].filter(
    ({ greets }) => greets !== 'not at all: the port is closed',
  )
  return [
    ...open.map((persona) => ({ persona, address: persona.address })),
    { persona: ORDINARY, address: V6 },
  ]
}

function serverOf(persona: Persona, house: House, connections: Set<Connection>): Server {
  return createServer((socket) => {
    const connection = new Connection(socket, persona, house)
    connections.add(connection)
    socket.on('close', () => connections.delete(connection))
  })
}

async function listen(
  server: Server,
  port: number,
  address: string,
): Promise<Open & { readonly port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: address, backlog: 1_024 }, resolve)
  })
  server.removeAllListeners('error')
  const bound = server.address()
  return { server, address, port: typeof bound === 'object' && bound !== null ? bound.port : port }
}

async function closeAll(open: readonly Open[]): Promise<void> {
  await Promise.all(
    open.map(({ server }) => new Promise<void>((resolve) => void server.close(() => resolve()))),
  )
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
