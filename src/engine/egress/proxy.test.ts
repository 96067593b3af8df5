import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { test } from 'node:test'

import { parseProxy } from '#grammar/smtp'

import { dial } from './dial.ts'
import type { Dialled } from './dial.ts'
import type { Proxy } from './proxy.ts'
import { systemTimers } from './timers.ts'

type Listening = Disposable & { readonly port: number }

async function listening(serve: (socket: Socket) => void): Promise<Listening> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => socket.destroy()))
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** A host that greets, and says what it is sent in capitals. */
const host = (): Promise<Listening> =>
  listening((socket) => {
    socket.write('220 mx.example.net\r\n')
    socket.on('data', (bytes) => socket.write(bytes.toString('latin1').toUpperCase()))
  })

function through(proxy: Proxy, port: number): Promise<Dialled> {
  const { signal } = new AbortController()
  return dial(['127.0.0.1'], { port, proxy, timeout: 60_000, timers: systemTimers, signal })
}

/** Reads so many octets of `socket`. */
async function heard(socket: Socket, length: number): Promise<string> {
  let all = Buffer.alloc(0)
  while (all.length < length) {
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    all = Buffer.concat([all, bytes])
  }
  return all.toString('latin1')
}

/** Believes everybody but who says `geheim`; asks for a login when told to. */
const socks = (login: boolean): Promise<Listening> =>
  listening((client) => {
    let at: 'method' | 'login' | 'request' = 'method'
    client.on('data', function onData(bytes: Buffer) {
      if (at === 'method') {
        at = login ? 'login' : 'request'
        client.write(Buffer.from([5, login ? 2 : 0]))
      } else if (at === 'login') {
        at = 'request'
        client.write(Buffer.from([1, bytes.includes('geheim') ? 0 : 1]))
      } else {
        client.off('data', onData)
        const far = connect({ host: bytes.subarray(4, 8).join('.'), port: bytes.readUInt16BE(8) })
        far.on('error', () => client.end(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])))
        // In one segment with what the host says first.
        far.once('data', (greeting: Buffer) => {
          client.write(Buffer.concat([Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]), greeting]))
          far.pipe(client)
          client.pipe(far)
        })
        client.on('close', () => far.destroy())
      }
    })
  })

test('a host is reached through a SOCKS 5 proxy, and its first words are not lost', async () => {
  using mx = await host()
  using proxy = await socks(false)
  const dialled = await through({ kind: 'socks5', host: '127.0.0.1', port: proxy.port }, mx.port)
  assert.ok(dialled.ok)
  assert.equal(dialled.address, '127.0.0.1')
  assert.equal(await heard(dialled.socket, 20), '220 mx.example.net\r\n')
  dialled.socket.write('ehlo')
  assert.equal(await heard(dialled.socket, 4), 'EHLO')
  dialled.socket.destroy()
})

test('a SOCKS 5 proxy is given the login it wants, and says when it is wrong', async () => {
  using mx = await host()
  using proxy = await socks(true)
  const place = { kind: 'socks5', host: '127.0.0.1', port: proxy.port } as const
  const dialled = await through({ ...place, login: { user: 'u', password: 'geheim' } }, mx.port)
  assert.ok(dialled.ok)
  dialled.socket.destroy()
  const refused = await through({ ...place, login: { user: 'u', password: 'falsch' } }, mx.port)
  assert.deepEqual(refused, {
    ok: false,
    address: '127.0.0.1',
    text: `connect to 127.0.0.1:${mx.port} through socks5 127.0.0.1:${proxy.port}: the login is wrong`,
  })
})

test('a host that a proxy cannot reach is told as such, and so is a proxy that hangs up', async () => {
  using gone = await host()
  const { port } = gone
  gone[Symbol.dispose]()
  using proxy = await socks(false)
  const refused = await through({ kind: 'socks5', host: '127.0.0.1', port: proxy.port }, port)
  assert.ok(!refused.ok)
  assert.match(refused.text, /the connection was refused$/)
  using rude = await listening((socket) => socket.end())
  const cut = await through({ kind: 'socks5', host: '127.0.0.1', port: rude.port }, port)
  assert.ok(!cut.ok)
  assert.match(cut.text, /through socks5 .*: (the proxy closed the connection|EPIPE|ECONNRESET)$/)
})

test('a proxy that answers without end is left', async () => {
  using endless = await listening((socket) =>
    socket.write(Buffer.concat([Buffer.from([5, 0, 5, 0, 0, 3, 255])])),
  )
  using babbling = await listening((socket) => {
    socket.write(Buffer.from([5, 0, 5, 0, 0, 3, 255]))
    socket.write(Buffer.alloc(4_096, 1))
  })
  const babbled = await through({ kind: 'socks5', host: '127.0.0.1', port: babbling.port }, 25)
  // What is beyond the answer is the host's: 255 octets of name and a port end it.
  assert.ok(babbled.ok)
  babbled.socket.destroy()
  const { signal } = new AbortController()
  const late = await dial(['127.0.0.1'], {
    port: 25,
    proxy: { kind: 'socks5', host: '127.0.0.1', port: endless.port },
    timeout: 20,
    timers: systemTimers,
    signal,
  })
  assert.ok(!late.ok)
  assert.match(late.text, /no answer for 0\.02 s$/)
})

test('a HAProxy is told from where to connect and to whom', async () => {
  let header: Buffer | undefined
  using proxy = await listening((socket) =>
    socket.once('data', (bytes: Buffer) => {
      header = bytes
      socket.write('220 mx.example.net\r\n')
    }),
  )
  const dialled = await through(
    { kind: 'haproxy', host: '127.0.0.1', port: proxy.port, from: '192.0.2.7' },
    25,
  )
  assert.ok(dialled.ok)
  assert.equal(await heard(dialled.socket, 20), '220 mx.example.net\r\n')
  const parsed = parseProxy(header ?? Buffer.alloc(0))
  assert.deepEqual(parsed.kind === 'header' && parsed.header.client, {
    source: { address: '192.0.2.7', port: 0 },
    destination: { address: '127.0.0.1', port: 25 },
  })
  dialled.socket.destroy()
})
