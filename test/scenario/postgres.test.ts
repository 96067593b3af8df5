/** The relay on PostgreSQL: the same promises with another engine below. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { testDatabase } from '../postgres.ts'

import { Client } from './client.ts'
import { dkimVerdicts, reportOf } from './mail.ts'
import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`

function letter(to: string): string {
  return `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n`
}

test('on PostgreSQL a message is kept, signed, delivered, bounced and taken up again after kill -9', async () => {
  const database = await testDatabase()
  const sections = { store: `url = "${database.url}"`, queue: 'retry = ["10m"]\njitter = 0' }
  {
    await using rig = await Rig.start({ sections })
    using client = await Client.ready(rig.node.port('submission'), {
      tls: 'starttls',
      credential: rig.credential,
    })
    for (const to of ['a@first.example.com', 'bounce-me@first.example.com', 'defer-1@later.example.com'])
      assert.match(await client.submit({ from: FROM, to, content: letter(to) }), /^250 /)
    const { raw } = await rig.delivered('a@first.example.com')
    assert.deepEqual(await dkimVerdicts(raw, rig.domain), ['ed25519-sha256 pass', 'rsa-sha256 pass'])
    assert.equal(reportOf((await rig.delivered(FROM)).raw).recipients[0]?.get('status'), '5.1.1')
    await rig.log.until('delivery.deferred', { to: 'defer-1@later.example.com' })

    const later = { from: FROM, to: 'a@scheduled.example.com', content: letter('a@scheduled.example.com') }
    assert.match(await client.submit({ ...later, mail: 'HOLDFOR=3' }), /^250 /)
    await rig.restart('kill')
    await rig.delivered('a@scheduled.example.com')
    const { count } = await rig.operations.change({ filter: {}, change: 'retry', reason: '' })
    assert.equal(count, 1)
    await rig.delivered('defer-1@later.example.com')
    assert.equal((await rig.node.stop()).code, 0)
  }
  await database.drop()
})
