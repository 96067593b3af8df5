/** What bounces teach, and what the node does with it at the next message. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import type { DryRunRow } from '#product/suppression'

import { Client } from './client.ts'
import { DOMAIN, Rig } from './rig.ts'

const FROM = `shop@${DOMAIN}`

suite('suppression', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start({ sections: { suppression: 'soft_count = 2\nhost_unknown_expire = "1d"' } })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  const submit = (to: string) =>
    rig.submit({ from: FROM, to, content: `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n` })

  /** The reply to RCPT, asked until the door has taken in what was committed: a second at most. */
  async function rcpt(to: string, code: string): Promise<string> {
    using client = await Client.ready(rig.node.port('submission'), {
      tls: 'starttls',
      credential: rig.credential,
    })
    for (;;) {
      assert.match(await client.say(`MAIL FROM:<${FROM}>`), /^250/)
      const said = await client.say(`RCPT TO:<${to}>`)
      if (said.startsWith(code)) return said
      assert.match(await client.say('RSET'), /^250/)
      // Not for luck: the door may look at any time within the second.
      await new Promise((resolve) => void setTimeout(resolve, 50))
    }
  }

  test('an unknown user bounces once, is refused from then on, and is tried again when people say so', async () => {
    const to = 'bounce-me@gone.example.com'
    const id = await submit(to)
    const added = await rig.log.until('suppression.added', { to })
    assert.deepEqual(
      [added['reason'], added['class'], added['delivery']],
      ['bounce', 'user-unknown', `${id}.0`],
    )
    const said = await rcpt(to.toUpperCase(), '550')
    assert.match(
      said,
      /^550 5\.7\.1 <.*> is suppressed since \d{4}-\d\d-\d\d \(bounce, user-unknown\): 550 5\.1\.1/,
    )
    await rig.log.until('recipient.suppressed', { to })
    const [listed] = await rig.cli<readonly { address: string }[]>('suppression', 'list', '--match', '@gone.')
    assert.equal(listed?.address, to)
    await rig.cli('suppression', 'remove', to, '--reason', 'a new mailbox')
    await rcpt(to, '250')
  })

  test('a full mailbox is tried until it was full too often', async () => {
    const to = 'full@gone.example.com'
    const first = await submit(to)
    await rig.log.until('delivery.bounced', { message: first })
    assert.equal(rig.log.count('suppression.added', { to }), 0)
    await submit(to)
    const added = await rig.log.until('suppression.added', { to })
    assert.deepEqual([added['reason'], added['class']], ['soft-bounces', 'mailbox-full'])
    await rcpt(to, '550')
  })

  test('a policy is tried on what happened, on the running node, and changes nothing', async () => {
    const gone = 'bounce-me@tried.example.com'
    const full = 'full@tried.example.com'
    const [first] = [await submit(gone), await submit(full)]
    await rig.log.until('suppression.added', { to: gone })
    await rig.log.until('delivery.bounced', { to: full })
    await submit('fine@tried.example.com')
    await rig.delivered('fine@tried.example.com')
    const list = await rig.cli('suppression', 'list', '--all')

    const rowsOf = async (...args: readonly string[]): Promise<readonly (readonly unknown[])[]> => {
      const { rows } = await rig.cli<{ readonly rows: readonly DryRunRow[] }>('suppression', 'try', ...args)
      const ours = rows.filter(({ address }) => address.endsWith('@tried.example.com'))
      return ours.map((row) => [row.change, row.address, row.class, row.count, row.delivery, row.why])
    }
    const same = ['same', gone, 'user-unknown', undefined, `${first}.0`, undefined]
    assert.deepEqual(await rowsOf(), [same])
    const stricter = await rowsOf('--soft-count', '1')
    const soft = stricter.find(([, address]) => address === full)
    assert.deepEqual(soft?.slice(0, 4), ['new', full, 'mailbox-full', 1])
    assert.ok(stricter.some(([change, address]) => change === 'same' && address === gone))
    assert.deepEqual(await rowsOf('--unknown-expire', '1ms'), [
      ['gone', gone, 'user-unknown', undefined, `${first}.0`, 'expired'],
    ])
    const { out, err, code } = await rig.cliRun('suppression', 'try', '--csv')
    assert.equal(code, 0, err)
    assert.match(
      out,
      new RegExp(`^same,${gone},\\*,bounce,user-unknown,,others,,[^,]+,,${first}\\.0,550 `, 'm'),
    )
    assert.deepEqual(await rig.cli('suppression', 'list', '--all'), list)
  })

  test('a suppression of people holds within a second, for mail that operators send too', async () => {
    const to = 'quiet@example.com'
    await rig.cli('suppression', 'add', to, '--evidence', 'asked by phone')
    assert.match(await rcpt(to, '550'), /\(manual\): asked by phone$/)
    await assert.rejects(
      rig.operations.send({
        organization: 'default',
        stream: 'transactional',
        from: FROM,
        to: [to],
        content: Buffer.from(`From: ${FROM}\r\n\r\nx\r\n`).toString('base64'),
      }),
      /suppressed since/,
    )
  })
})
