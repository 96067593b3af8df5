/** A configuration read again by a running node: what is new holds for mail to come, and what cannot is told. */

import assert from 'node:assert/strict'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import { DOMAIN, Rig } from './rig.ts'
import type { Sections } from './rig.ts'

const FROM = `alice@${DOMAIN}`
/** Nothing listens on port 1. */
const NOWHERE = '[[routes]]\ndomain = "*.example.com"\nto = ["127.0.0.1:1"]\nallow_private = true'

// They share the node, and come in any order: each leaves the configuration as it was.
suite('reload', () => {
  let rig: Rig

  before(async () => {
    rig = await Rig.start()
  })

  after(() => rig[Symbol.asyncDispose]())

  function submit(to: string): Promise<unknown> {
    return rig.submit({ from: FROM, to, content: `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n` })
  }

  async function reload(sections: Sections): Promise<readonly string[]> {
    rig.configure(sections)
    const { problems, restart } = await rig.operations.reload()
    assert.deepEqual(problems, [])
    return restart
  }

  test('a new route holds for domains that mail has gone to before, and so does its end', async () => {
    await submit('first@routed.example.com')
    await rig.delivered('first@routed.example.com')
    assert.deepEqual(await reload({ '': NOWHERE }), [])
    await submit('second@routed.example.com')
    const { site } = await rig.log.until('delivery.deferred', { to: 'second@routed.example.com' })
    assert.equal(site, '127.0.0.1:1')
    assert.deepEqual(await reload({}), [])
    await submit('third@routed.example.com')
    await rig.delivered('third@routed.example.com')
  })

  test('a source that is gone from the file sends until the restart that is asked for', async () => {
    const other = { 'egress.sources.other': 'ehlo = "other.hikyaku.test"' }
    assert.deepEqual(await reload(other), ['[egress.sources]'])
    await submit('jane@unseen.example.net')
    await rig.delivered('jane@unseen.example.net')
    assert.deepEqual(await reload({}), [])
  })

  test('a certificate that cannot be used is told to who reloads, and the old configuration stays', async () => {
    const pem = join(rig.directory, 'broken.pem')
    writeFileSync(pem, 'not a certificate')
    const tls = `certificate = "${pem}"\nkey = "${pem}"`
    rig.configure({ tls, limits: 'recipients = 101' })
    const { problems } = await rig.operations.reload()
    assert.match(problems.join(), /broken\.pem/)
    using client = await rig.client()
    assert.match(await client.say('EHLO client.example.org'), /RCPTMAX=1000/)
    assert.deepEqual(await reload({}), [])
  })

  test('a log file that was moved away is opened anew, even when the configuration has mistakes', async () => {
    await using own = await Rig.start()
    const log = join(own.directory, 'log')
    renameSync(log, `${log}.1`)
    writeFileSync(own.files.configuration, 'nonsense')
    const { problems } = await own.operations.reload()
    assert.equal(problems.length, 1)
    assert(existsSync(log))
  })
})
