/** SendGrid's own client against a node, to the receiver. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import client from '@sendgrid/client'
import mail from '@sendgrid/mail'

import { dkimVerdicts, mailOf } from './mail.ts'
import { DOMAIN, Rig } from './rig.ts'

suite("SendGrid's client", () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start()
    const { token } = await rig.cli<{ token: string }>('api-key', 'add')
    client.setApiKey(token)
    client.setDefaultRequest('baseUrl', rig.node.api)
    mail.setClient(client)
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  test('sends a message with text, HTML, a file and substitutions', async () => {
    const to = 'sendgrid@moved.example.com'
    const [response] = await mail.send({
      to: { email: to, name: '山田' },
      from: `Shop <shop@${DOMAIN}>`,
      replyTo: 'desk@example.org',
      subject: 'ご注文 {{number}}',
      text: 'No. {{number}}',
      html: '<p>No. {{number}}</p>',
      substitutions: { number: '42' },
      headers: { 'X-Order': '42' },
      categories: ['orders'],
      customArgs: { order: '42' },
      attachments: [
        {
          content: Buffer.from('a,b').toString('base64'),
          filename: 'bill.csv',
          type: 'text/csv',
          disposition: 'attachment',
        },
      ],
    })
    assert.equal(response.statusCode, 202)
    const { raw } = await rig.delivered(to)
    const received = mailOf(raw)
    assert.equal(received.one('X-Order'), '42')
    assert.equal(received.one('Reply-To'), 'desk@example.org')
    assert.match(received.body, /No\. 42/)
    assert.match(received.body, /filename="bill\.csv"/)
    assert.deepEqual(await dkimVerdicts(raw, rig.domain), ['ed25519-sha256 pass', 'rsa-sha256 pass'])
    const id = String((response.headers as Record<string, string>)['x-message-id'])
    await rig.log.until('message.accepted', { message: id })
  })

  test('sends one message to each of many', async () => {
    const to = Array.from({ length: 60 }, (_, n) => `r${n}@many.example.com`)
    const [response] = await mail.sendMultiple({ to, from: `shop@${DOMAIN}`, subject: 'x', text: 'x' })
    assert.equal(response.statusCode, 202)
    for (const one of to) {
      const { envelope } = await rig.delivered(one)
      assert.equal(envelope.to.length, 1)
    }
  })

  test('reads our refusals as theirs', async () => {
    const refused = mail.send({ to: 'a@example.com', from: 'a@elsewhere.example', subject: 'x', text: 'x' })
    await assert.rejects(
      refused,
      (error: { code: number; response: { body: { errors: { field: string }[] } } }) => {
        assert.deepEqual([error.code, error.response.body.errors[0]?.field], [403, 'from'])
        return true
      },
    )
  })
})
