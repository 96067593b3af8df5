/** The server under the API, by sockets. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:https'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { createSecureContext } from 'node:tls'
import type { SecureContext, TLSSocket } from 'node:tls'

import { selfSigned } from '#platform/tls'

import { partsOf, SIMPLE } from './api.fixture.ts'
import { serveApi } from './serve.ts'
import type { ApiServer } from './serve.ts'
import type { Submission } from './submission.ts'

const HEAD = 'POST /v1/messages HTTP/1.1\r\nHost: a\r\n'

/** All that comes until the other side ends. */
async function read(socket: Socket): Promise<string> {
  socket.setEncoding('latin1')
  let said = ''
  for await (const piece of socket) said += String(piece)
  return said
}

type Asked = { readonly status: number; readonly serial: string }

function ask({ port }: ApiServer, pem: string): Promise<Asked> {
  const body = JSON.stringify(SIMPLE)
  const headers = { authorization: 'Bearer hk_right', 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/v1/messages',
        headers,
        ca: pem,
        agent: false,
        checkServerIdentity: () => undefined,
      },
      (response) => {
        const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate()
        response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, serial: serialNumber }))
      },
    )
    asked.on('error', reject).end(body)
  })
}

function contextOf(pem: string): SecureContext {
  return createSecureContext({ cert: pem, key: pem })
}

test('it speaks HTTPS with the certificate of the moment, to clients that name no server as well', async () => {
  const [first, second] = [selfSigned('a.example', Date.now()), selfSigned('a.example', Date.now())]
  const submissions: Submission[] = []
  let pem = first
  await using api = await serveApi({
    ...partsOf({ submissions }),
    secureContext: () => contextOf(pem),
  })
  const before = await ask(api, first)
  pem = second
  const after = await ask(api, second)
  assert.deepEqual([before.status, after.status], [202, 202])
  assert.notEqual(before.serial, after.serial)
  assert.deepEqual(
    submissions.map(({ protocol }) => protocol),
    ['HTTPS', 'HTTPS'],
  )
  const plain = connect(api.port, '127.0.0.1', () => plain.write(`${HEAD}\r\n`))
  assert.ok(!(await read(plain).catch(() => '')).startsWith('HTTP'), 'in clear it says nothing')
})

test('who is slow with a header section or a body is sent away', async () => {
  await using api = await serveApi({ ...partsOf({}), headerTimeout: 50, requestTimeout: 100 })
  const slow = connect(api.port, '127.0.0.1', () => slow.write(HEAD))
  assert.match(await read(slow), /^HTTP\/1\.1 408 /)
  const length =
    'Authorization: Bearer hk_right\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'
  const slower = connect(api.port, '127.0.0.1', () => slower.write(HEAD + length))
  assert.match(await read(slower), /^HTTP\/1\.1 408 /)
})

test('who does not shake hands is sent away', async () => {
  const pem = selfSigned('a.example', Date.now())
  const secureContext = (): SecureContext => contextOf(pem)
  await using api = await serveApi({ ...partsOf({}), headerTimeout: 50, secureContext })
  const silent = connect(api.port, '127.0.0.1')
  assert.equal(await read(silent), '')
})

test('there are no more connections than it may have', async () => {
  await using api = await serveApi({ ...partsOf({}), connections: 1 })
  const first = connect(api.port, '127.0.0.1')
  await once(first, 'connect')
  first.write('GET /docs/json HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(first, 'data')
  const second = connect(api.port, '127.0.0.1')
  assert.equal(await read(second), '')
  first.destroy()
})
