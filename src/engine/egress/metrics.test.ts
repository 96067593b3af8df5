import assert from 'node:assert/strict'
import { test } from 'node:test'

import { exposition } from '#platform/metrics'

import { Rig } from './rig.fixture.ts'
import { ScriptedServer } from './scripted-server.fixture.ts'

test('attempts, connections and what holds a path are counted', async () => {
  await using server = await ScriptedServer.start(async (client) => {
    client.say('220 mx')
    await client.expect('EHLO')
    client.say('250-mx', '250 PIPELINING')
    await client.expect('MAIL')
    await client.expect('RCPT')
    await client.expect('RCPT')
    await client.expect('DATA')
    client.say('250 OK', '250 OK', '550 5.1.1 no such user', '354 go')
    await client.content()
    client.say('250 queued')
    await client.gone
  })
  await using rig = new Rig({ ports: [server.port] })
  await rig.send({ to: ['one@example.com', 'two@example.com'] })
  const text = await exposition([rig.metrics.snapshot()])
  for (const line of [
    'hikyaku_egress_attempts_total{outcome="delivered",stage="end of data"} 1',
    'hikyaku_egress_attempts_total{outcome="bounced",stage="RCPT"} 1',
    'hikyaku_egress_connections_opened_total{tls="none"} 1',
    'hikyaku_egress_connections{state="idle"} 1',
    'hikyaku_egress_connections{state="closing"} 0',
    'hikyaku_egress_paths{hold="open"} 1',
    'hikyaku_egress_paths{hold="down"} 0',
    'hikyaku_egress_job_seconds_count 1',
    'hikyaku_egress_opening_seconds_count 1',
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`)
  }
})
