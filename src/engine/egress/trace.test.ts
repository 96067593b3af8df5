/** What those who follow see of sessions with hosts: both sides in order, and never a password or a word of content. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Traces } from '#engine/trace'
import type { TraceRecord } from '#engine/trace'
import { selfSigned } from '#platform/tls'

import { Rig } from './rig.fixture.ts'
import type { RigOptions } from './rig.fixture.ts'
import { ScriptedServer } from './scripted-server.fixture.ts'
import type { Client, Script } from './scripted-server.fixture.ts'

const PEM = selfSigned('mx1.example.net', Date.now())
const CONTENT = 'Subject: hidden\r\n\r\nnobody may see this\r\n'

/** Collects until the rig's sessions are closed. */
async function traced(script: Script, options: Partial<RigOptions> = {}): Promise<readonly TraceRecord[]> {
  const traces = new Traces(() => 0)
  const follower = traces.follow({}) ?? 0
  {
    await using server = await ScriptedServer.start(script)
    await using rig = new Rig({ ports: [server.port], tracer: traces, ...options })
    const failure = rig.work.nextFailure()
    await Promise.race([rig.send({ content: CONTENT }), failure])
  }
  const records = await traces.take(follower)
  const all = JSON.stringify(records)
  assert.doesNotMatch(all, /hidden|nobody may see|c2VjcmV0|secret/)
  return records
}

function dialogue(records: readonly TraceRecord[]): readonly string[] {
  return records.map(({ who, line }) => `${who}: ${line}`)
}

async function takeMessage(client: Client): Promise<void> {
  await client.expect('MAIL')
  client.say('250 2.1.0 sender ok')
  await client.expect('RCPT')
  client.say('250 2.1.5 recipient ok')
  await client.expect('DATA')
  client.say('354 go ahead')
  await client.content()
  client.say('250 2.0.0 queued')
  await client.expect('QUIT')
  client.say('221 bye')
}

test('a delivery is told line by line, its content by its size', async () => {
  const records = await traced(async (client) => {
    client.say('220 mx1.example.net')
    await client.expect('EHLO')
    client.say('250-mx1.example.net', '250 ENHANCEDSTATUSCODES')
    await takeMessage(client)
  })
  const said = dialogue(records)
  // How it ends depends on whether the host or the end of the test is faster.
  assert.deepEqual(said.slice(0, said.indexOf('C: QUIT') + 1), [
    'S: 220 mx1.example.net',
    'C: EHLO client.example.org',
    'S: 250-mx1.example.net',
    'S: 250 ENHANCEDSTATUSCODES',
    'C: MAIL FROM:<sender@example.org>',
    'S: 250 2.1.0 sender ok',
    'C: RCPT TO:<one@example.com>',
    'S: 250 2.1.5 recipient ok',
    'C: DATA',
    'S: 354 go ahead',
    `C: (${CONTENT.length} octets of content)`,
    'S: 250 2.0.0 queued',
    'C: QUIT',
  ])
  const [first] = records
  assert.deepEqual([first?.way, first?.peer, first?.by], ['out', '127.0.0.1', 'main → mx1.example.net'])
})

test('a chunk is told with its command', async () => {
  const records = await traced(async (client) => {
    client.say('220 mx1.example.net')
    await client.expect('EHLO')
    client.say('250-mx1.example.net', '250-CHUNKING', '250 PIPELINING')
    await client.expect('MAIL')
    await client.expect('RCPT')
    await client.expect('BDAT')
    await client.octets(CONTENT.length)
    client.say('250 ok', '250 ok', '250 taken')
    await client.expect('QUIT')
  })
  const said = dialogue(records)
  const at = said.indexOf(`C: BDAT ${CONTENT.length} LAST`)
  assert.ok(at > 0, said.join('\n'))
  assert.equal(said[at + 1], `C: (${CONTENT.length} octets of content)`)
})

for (const mechanism of ['PLAIN', 'LOGIN', 'SCRAM-SHA-256']) {
  test(`AUTH ${mechanism} is told without what proves anything`, async () => {
    const script: Script = async (client) => {
      client.say('220 mx1.example.net')
      await client.expect('EHLO')
      client.say('250-mx1.example.net', '250 STARTTLS')
      await client.expect('STARTTLS')
      client.say('220 go')
      client.secure(PEM, PEM)
      await client.expect('EHLO')
      client.say('250-mx1.example.net', `250 AUTH ${mechanism}`)
      await client.expect('AUTH')
      if (mechanism === 'LOGIN') {
        client.say('334 VXNlcm5hbWU6')
        await client.line()
        client.say('334 UGFzc3dvcmQ6')
        await client.line()
      }
      client.say('535 5.7.8 no')
      await client.expect('QUIT')
    }
    const auth = { user: 'user', password: 'secret' }
    const said = dialogue(await traced(script, { route: { tls: 'required', auth } }))
    const from = said.findIndex((line) => line.startsWith('C: AUTH'))
    const initial = mechanism === 'LOGIN' ? '' : ' (credentials)'
    const challenges = ['S: 334 (challenge)', 'C: (credentials)', 'S: 334 (challenge)', 'C: (credentials)']
    assert.deepEqual(said.slice(from, -2), [
      `C: AUTH ${mechanism}${initial}`,
      ...(mechanism === 'LOGIN' ? challenges : []),
      'S: 535 5.7.8 no',
    ])
    assert.equal(said.at(-2), 'C: QUIT')
    assert.match(said.at(-1) ?? '', /^\*: no connection to mx\.example\.net, AUTH: /)
    assert.ok(
      said.some((line) => line.startsWith('*: TLSv1.3')),
      said.join('\n'),
    )
  })
}

test('a host that hangs up is told as it happened, and a host that is not there too', async () => {
  const hangsUp = await traced(async (client) => {
    client.say('220 mx1.example.net')
    await client.expect('EHLO')
  })
  assert.match(dialogue(hangsUp).join('\n'), /C: EHLO .*\n\*: .*closed/)
  const traces = new Traces(() => 0)
  const follower = traces.follow({ domain: 'mx.example.net' }) ?? 0
  await using server = await ScriptedServer.start(async (client) => await client.gone)
  const { port } = server
  await server[Symbol.asyncDispose]()
  await using rig = new Rig({ ports: [port], tracer: traces })
  const failure = rig.work.nextFailure()
  void rig.send()
  await failure
  const [record] = await traces.take(follower)
  assert.match(record?.line ?? '', /^no connection to mx\.example\.net, connect: .*ECONNREFUSED/)
})
