/** A source with a relay: what the relay bears is counted over all receivers behind it. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import type { Explained } from '#product/operation'

import { DOMAIN, Rig } from './rig.ts'

const DOMAINS = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.example.com`)

suite('a relay', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.prepare()
    const relay = `127.0.0.1:${rig.sandbox.smtpPort}`
    mkdirSync(join(rig.directory, 'shaping'), { recursive: true })
    writeFileSync(
      join(rig.directory, 'shaping', 'own.toml'),
      `[site."${relay}"]\nconnections = 2\nmessages_per_hour = 3\n`,
    )
    rig.configure({ 'egress.sources.through': `relay = ["${relay}"]\nrelay_tls = "none"` })
    await rig.run()
    await rig.seed()
  })
  after(() => rig[Symbol.asyncDispose]())

  /** Once it has found its way; until then it says that it is looking for one. */
  async function explained(id: string): Promise<string> {
    let text = ''
    for (let looks = 0; looks < 20 && !text.includes('messages_per_hour'); looks += 1)
      text = JSON.stringify((await rig.cli<Explained>('message', 'explain', id)).deliveries)
    return text
  }

  test('an hour of messages to it is an hour of all, whatever site they are for, and what waits says so', async () => {
    const from = `shop@${DOMAIN}`
    const ids = new Map<string, string>()
    for (const domain of DOMAINS) {
      const to = `user@${domain}`
      ids.set(domain, await rig.submit({ from, to, content: `From: <${from}>\r\nTo: <${to}>\r\n\r\nx\r\n` }))
    }
    await rig.log.until('delivery.delivered', {}, 3)
    const delivered = new Set(rig.log.named('delivery.delivered').map(({ message }) => message))
    assert.equal(delivered.size, 3)
    const waiting = [...ids.values()].filter((id) => !delivered.has(id))
    for (const id of waiting) {
      assert.match(await explained(id), /"key":"messages_per_hour","value":3/)
    }
    assert.equal(rig.log.count('delivery.delivered'), 3, 'nothing went meanwhile')
    assert.equal(rig.sandbox.received().length, 3)
  })
})
