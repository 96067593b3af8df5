/** The HTTP API, and what mail leads to, in TLS, with the certificate of the listeners, exchanged while it runs. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'

import { selfSigned } from '#platform/tls'

import { mailOf } from './mail.ts'
import { DOMAIN, NODE_NAME, Rig } from './rig.ts'

type Asked = { readonly status: number; readonly fingerprint: string }

function send(port: number, pem: string, token: string, to: string): Promise<Asked> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const where = { port, host: '127.0.0.1', servername: NODE_NAME, method: 'POST', path: '/v1/messages' }
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, headers, ca: pem, agent: false }, (response) => {
      const { fingerprint256: fingerprint } = (response.socket as TLSSocket).getPeerCertificate()
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, fingerprint }))
    })
    asked.on('error', reject)
    asked.end(JSON.stringify({ from: `shop@${DOMAIN}`, to, subject: 'x', text: 'x' }))
  })
}

/** Which certificate the tracking door shows. */
function robots(port: number, pem: string): Promise<string> {
  const where = { port, host: '127.0.0.1', servername: NODE_NAME, path: '/robots.txt' }
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, ca: pem, agent: false }, (response) => {
      const { fingerprint256: fingerprint } = (response.socket as TLSSocket).getPeerCertificate()
      response.resume().on('end', () => resolve(fingerprint))
    })
    asked.on('error', reject).end()
  })
}

suite('HTTP API in TLS', () => {
  test('it shows the certificate of the listeners, and the next one when there is a next', async () => {
    await using rig = await Rig.prepare()
    const path = join(rig.directory, 'api.pem')
    const [first, second] = [selfSigned(NODE_NAME, Date.now()), selfSigned(NODE_NAME, Date.now())]
    writeFileSync(path, first)
    rig.configure({
      api: 'tls = true',
      tracking: 'enabled = true\nport = 0\ntls = true\nurl = "https://click.example.org"',
      tls: `certificate = "${path}"\nkey = "${path}"`,
    })
    await rig.run()
    await rig.seed()
    const { token } = await rig.cli<{ token: string }>('api-key', 'add')
    const port = Number(new URL(rig.node.api).port)
    const before = await send(port, first, token, 'tls@api.example.com')
    assert.equal(before.status, 202)
    const { raw } = await rig.delivered('tls@api.example.com')
    assert.match(mailOf(raw).one('Received'), /with HTTPS/)
    assert.equal(await robots(Number(new URL(rig.node.tracking).port), first), before.fingerprint)
    writeFileSync(path, second)
    await rig.operations.reload()
    const after = await send(port, second, token, 'next@api.example.com')
    assert.equal(after.status, 202)
    assert.notEqual(before.fingerprint, after.fingerprint)
    assert.equal(await robots(Number(new URL(rig.node.tracking).port), second), after.fingerprint)
  })
})
