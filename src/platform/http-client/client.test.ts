import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'

import { isPrivate } from '#platform/address-range'
import { selfSigned } from '#platform/tls'

import { WebBench } from '../../../test/web.ts'

import { createHttpClient } from './client.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http.ts'

const NAME = 'web.example'
const LIMITS = { timeout: 10_000, most: 1_000 }

function get(bench: WebBench, path = '/', more: Partial<HttpRequest> = {}): Promise<HttpAnswer> {
  return bench.client.request({ url: `https://${NAME}:${bench.port}${path}`, ...LIMITS, ...more })
}

function why(answer: HttpAnswer): string {
  return answer.ok ? `status ${answer.status}` : answer.failure
}

test('a body comes back with its status and its media type', async () => {
  await using bench = await WebBench.on(NAME, (request, response) => {
    assert.equal(request.headers.host, `${NAME}:${bench.port}`)
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end('hello')
  })
  const answer = await get(bench)
  assert.ok(answer.ok)
  assert.deepEqual(
    [answer.status, answer.headers.get('content-type'), String(answer.body)],
    [200, 'text/plain', 'hello'],
  )
})

test('a body is posted whole', async () => {
  await using bench = await WebBench.on(NAME, (request, response) => {
    let octets = 0
    request.on('data', (chunk: Buffer) => void (octets += chunk.length))
    request.on('end', () => response.writeHead(200).end(`${request.method} ${octets}`))
  })
  const answer = await get(bench, '/', { method: 'POST', body: Buffer.alloc(100_000) })
  assert.equal(answer.ok && String(answer.body), 'POST 100000')
})

test('no private or special address is connected, whatever leads to it', async () => {
  const zone = `
    ${NAME} A 10.0.0.1
    mapped.example AAAA ::ffff:127.0.0.1
    alias.example CNAME ${NAME}`
  await using bench = await WebBench.on(NAME, () => assert.fail('asked'), { zone, isForbidden: isPrivate })
  const hosts = [
    NAME,
    'mapped.example',
    'alias.example',
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '127。0。0。1',
    '[::1]',
    '[::ffff:7f00:1]',
  ]
  for (const host of hosts) {
    const answer = await bench.client.request({ url: `https://${host}:${bench.port}/`, ...LIMITS })
    assert.equal(why(answer), 'address', host)
  }
})

test('the address that is connected is the one that was checked', async () => {
  await using bench = await WebBench.on(NAME, (_, response) => void response.end('hello'))
  let asked = 0
  await using second = await WebBench.on(NAME, () => assert.fail('asked'), {
    port: bench.port,
    // Passes the answer of the DNS and forbids what is then connected.
    isForbidden: () => (asked += 1) > 1,
  })
  assert.equal(why(await second.client.request({ url: `https://${NAME}/`, ...LIMITS })), 'address')
})

test('other schemes, other ports and names before the host are refused', async () => {
  await using bench = await WebBench.on(NAME, () => assert.fail('asked'))
  const urls = [
    'http://web.example/',
    'file:///etc/passwd',
    'https://web.example:25/',
    'https://u:p@web.example/',
    'https://',
    'gopher:x',
  ]
  for (const url of urls) assert.equal(why(await bench.client.request({ url, ...LIMITS })), 'url', url)
})

test('without TLS only addresses are asked that may be, on any port where that is meant', async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked += 1
    response.end('plain')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const dns = { query: () => Promise.resolve({ kind: 'none' } as never) }
  const client = (isPlain: boolean, isForbidden = false): HttpClient =>
    createHttpClient({
      dns,
      isForbidden: () => isForbidden,
      isPlain: () => isPlain,
      port: 'any',
      userAgent: 't',
    })
  const url = `http://127.0.0.1:${port}/`
  assert.equal(why(await client(true).request({ url, ...LIMITS })), 'status 200')
  assert.equal(why(await client(false).request({ url, ...LIMITS })), 'address')
  assert.equal(why(await client(true, true).request({ url, ...LIMITS })), 'address')
  assert.equal(asked, 1)
  await new Promise((resolve) => server.close(resolve))
})

test('a redirect is an answer, or followed as often as allowed and checked each time', async () => {
  await using bench = await WebBench.on(NAME, (request, response) => {
    if (request.url === '/end') return void response.writeHead(200).end('end')
    const location =
      request.url === '/inside'
        ? `https://10.0.0.1:${bench.port}/`
        : request.url === '/loop'
          ? '/loop'
          : '/end'
    response.writeHead(302, { Location: location }).end()
  })
  assert.equal(why(await get(bench, '/start')), 'status 302')
  assert.equal(why(await get(bench, '/start', { redirects: 1 })), 'status 200')
  assert.equal(why(await get(bench, '/inside', { redirects: 1 })), 'address')
  assert.equal(why(await get(bench, '/loop', { redirects: 3 })), 'redirects')
})

test('a body that is too long ends the request', async () => {
  await using bench = await WebBench.on(NAME, (request, response) => {
    response.writeHead(200)
    if (request.url === '/fits') return void response.end(Buffer.alloc(1_000))
    const more = (): void => void response.write(Buffer.alloc(10_000), (error) => error ?? more())
    more()
  })
  assert.equal(why(await get(bench, '/fits')), 'status 200')
  assert.equal(why(await get(bench, '/endless')), 'too-large')
})

test('silence ends with the time allowed', async () => {
  await using bench = await WebBench.on(NAME, () => {})
  assert.equal(why(await get(bench, '/', { timeout: 20 })), 'timeout')
})

test('a certificate of nobody known, of another name or out of date is told from a server that is not there', async () => {
  await using unknown = await WebBench.on(NAME, (_, response) => void response.end(), {
    ca: selfSigned(NAME, Date.now()),
  })
  assert.equal(why(await get(unknown)), 'certificate')
  assert.equal(why(await get(unknown, '/', { anyCertificate: true })), 'status 200')
  const pem = selfSigned('other.example', Date.now())
  await using other = await WebBench.on(NAME, (_, response) => void response.end(), { pem, ca: pem })
  assert.equal(why(await get(other)), 'certificate')
  const old = selfSigned(NAME, Date.now() - 11 * 365 * 86_400_000)
  await using expired = await WebBench.on(NAME, (_, response) => void response.end(), { pem: old, ca: old })
  assert.equal(why(await get(expired)), 'certificate')
  await using reset = await WebBench.on(NAME, (request) => void request.socket.destroy())
  assert.equal(why(await get(reset)), 'connection')
})

test('a name without an address is told from one that cannot be looked up', async () => {
  await using bench = await WebBench.on(NAME, () => assert.fail('asked'))
  assert.equal(
    why(await bench.client.request({ url: `https://gone.example:${bench.port}/`, ...LIMITS })),
    'dns',
  )
})
