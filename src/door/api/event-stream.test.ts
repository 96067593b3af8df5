import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'

import type { EventPage, LogPlace } from '#product/event'

import { EventStreams, tellEvents } from './event-stream.ts'
import type { StreamEnd, StreamParts } from './event-stream.ts'

const START: LogPlace = { after: '', since: 0 }
const EVENT = { id: '0-1-0', kind: 'opened', time: '2026-11-22T00:00:00.000Z' } as const

function pageAt(n: number, more: boolean, text = ''): EventPage {
  const place = { after: `0.${n.toString(36)}.1`, since: 0 }
  return { events: [{ event: { ...EVENT, reason: text }, place }], next: place, more }
}

/** Looks again at once, and never loses patience. */
function patient(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('ended')), { once: true })
    if (ms < 1_000) setImmediate(resolve)
  })
}

/** One reader that says nothing but its request, and how its stream ended. */
async function served(
  parts: Partial<StreamParts>,
  read: (socket: Socket) => void,
): Promise<{ end: StreamEnd }> {
  const { promise, resolve } = Promise.withResolvers<StreamEnd>()
  const server = createServer((_, response: ServerResponse) => {
    void tellEvents(response, {
      signal: new AbortController().signal,
      place: START,
      read: () => Promise.resolve(pageAt(1, true)),
      check: () => Promise.resolve(),
      now: () => 0,
      wait: patient,
      ...parts,
    }).then(resolve)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  read(socket)
  const end = await promise
  socket.destroy()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
  return { end }
}

test('a reader that takes nothing costs little, and is cut', async () => {
  const text = 'x'.repeat(100_000)
  let pages = 0
  const { end } = await served(
    {
      read: () => Promise.resolve(pageAt((pages += 1), true, text)),
      // As if half a minute had passed.
      wait: () => new Promise((resolve) => void setImmediate(resolve)),
    },
    (socket) => void socket.pause(),
  )
  assert.equal(end, 'slow')
  // What the buffers of two sockets take, and one page more; the log itself had no end.
  assert.ok(pages < 500, `${pages} pages were read`)
})

test('each event says behind which place it stands, and silence says so too', async () => {
  let asked = 0
  let time = 0
  let got = ''
  const { end } = await served(
    {
      read: (from) => {
        asked += 1
        return Promise.resolve(asked === 1 ? pageAt(1, false) : { events: [], next: from, more: false })
      },
      now: () => (time += 15_000),
    },
    (socket) => {
      socket.on('data', (chunk: Buffer) => {
        got += chunk.toString()
        if (got.split('heartbeat').length > 2) socket.destroy()
      })
    },
  )
  assert.equal(end, 'left')
  assert.match(got, /: heartbeat\nid: t0\n\n/)
  assert.match(got, /id: 0\.1\.1\nevent: opened\ndata: \{"id":"0-1-0",.*\}\n\n/)
  assert.match(got, /: heartbeat\nid: 0\.1\.1\n\n/)
})

test('a key that ends, ends its streams', async () => {
  let time = 0
  const { end } = await served(
    {
      read: (from) => Promise.resolve({ events: [], next: from, more: false }),
      now: () => (time += 15_000),
      check: () => Promise.reject(new Error('revoked')),
    },
    (socket) => void socket.resume(),
  )
  assert.equal(end, 'forbidden')
})

test('an organization has so many streams, and others have theirs', () => {
  const streams = new EventStreams()
  const open = Array.from({ length: 10 }, () => streams.begin('acme'))
  assert.throws(() => streams.begin('acme'), { code: 'too-many' })
  streams.begin('globex')
  open[0]?.[Symbol.dispose]()
  streams.begin('acme')
})
