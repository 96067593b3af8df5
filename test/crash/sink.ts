/** The receiver of the crash runs: takes everything at once, and remembers each time that a whole message came. */

import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'

import { idIn, isWhole } from './load-mail.ts'

export type Sink = AsyncDisposable & {
  readonly port: number
  /** When each message was received whole, in ms since the epoch, by its id. */
  readonly received: ReadonlyMap<string, readonly number[]>
  /** Ids of messages that were not as they were sent, and those without an id. */
  readonly damaged: readonly string[]
  /** The most connections there were at a time. */
  readonly connections: number
}

const END = '\r\n.\r\n'

/** What one command of ours gets; everything else gets 250. */
const REPLIES: Readonly<Record<string, string>> = {
  EHLO: '250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n',
  DATA: '354 go on\r\n',
  QUIT: '221 bye\r\n',
}

export async function startSink(): Promise<Sink> {
  const received = new Map<string, number[]>()
  const damaged: string[] = []
  const sockets = new Set<Socket>()
  let most = 0
  const took = (content: string): void => {
    const id = idIn(content)
    if (id === undefined || !isWhole(id, content)) damaged.push(id ?? 'without id')
    if (id !== undefined) received.getOrInsertComputed(id, () => []).push(Date.now())
  }
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    most = Math.max(most, sockets.size)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    serve(socket, took)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: portOf(server),
    received,
    damaged,
    get connections() {
      return most
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Not a server for strangers: it believes that lines are short, and dots stuffed. */
function serve(socket: Socket, took: (content: string) => void): void {
  let heard = ''
  let inData = false
  socket.write('220 sink.example ESMTP\r\n')
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text
    let out = ''
    for (;;) {
      const end = heard.indexOf(inData ? END : '\r\n')
      if (end === -1) break
      const piece = heard.slice(0, end + 2)
      heard = heard.slice(end + (inData ? END.length : 2))
      if (inData) {
        // Counted before the reply is written: what the sender never learns of has been received all the same.
        took(piece)
        out += '250 taken\r\n'
        inData = false
      } else {
        const verb = piece.slice(0, 4).toUpperCase()
        inData = verb === 'DATA'
        out += REPLIES[verb] ?? '250 ok\r\n'
      }
    }
    if (out !== '') socket.write(out)
  })
}
