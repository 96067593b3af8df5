/** From a newsletter to the mail of whoever wants no more of it, and to the next newsletter that is not sent. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { Client } from './client.ts'
import { dkimVerdicts, mailOf } from './mail.ts'
import type { Mail } from './mail.ts'
import { DOMAIN, Rig } from './rig.ts'

const FROM = `shop@${DOMAIN}`
const BOUNCES = `bounce.${DOMAIN}`
const BODY = `From: <${FROM}>\r\nSubject: Spring\r\n\r\nFlowers!\r\n`

const LETTERS =
  'address = "127.0.0.1"\nport = 0\ntls = "none"\nauth = "none"\ntrusted = ["127.0.0.0/8"]\nstream = "marketing"'

/** The address and the subject that a mail program would write to. */
function linkOf(mail: Mail): { readonly to: string; readonly subject: string } {
  const url = new URL(/^<(mailto:[^>]+)>$/.exec(mail.one('List-Unsubscribe'))?.[1] ?? assert.fail())
  return { to: decodeURIComponent(url.pathname), subject: url.searchParams.get('subject') ?? '' }
}

suite('unsubscribing by mail', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start({
      sections: {
        queue: `return_path_domain = "${BOUNCES}"`,
        'listeners.mx': 'address = "127.0.0.1"\nport = 0\nkind = "mx"',
        'listeners.letters': LETTERS,
      },
    })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function letter(to: string | readonly string[], content: string | Buffer = BODY): Promise<string> {
    using client = await Client.ready(rig.node.port('letters'))
    return await client.submit({ from: FROM, to, content })
  }

  async function delivered(to: string): Promise<Mail> {
    return mailOf((await rig.delivered(to)).raw)
  }

  async function writes(from: string, { to, subject }: ReturnType<typeof linkOf>): Promise<string> {
    using client = await Client.ready(rig.node.port('mx'))
    return await client.submit({ from, to, content: `From: aki@example.com\r\nSubject: ${subject}\r\n\r\n` })
  }

  /** The reply to RCPT, asked until the door has taken in what was committed: a second at most. */
  async function refusal(to: string): Promise<string> {
    using client = await Client.ready(rig.node.port('letters'))
    for (;;) {
      assert.match(await client.say(`MAIL FROM:<${FROM}>`), /^250/)
      const said = await client.say(`RCPT TO:<${to}>`)
      if (!said.startsWith('250')) return said
      assert.match(await client.say('RSET'), /^250/)
      await new Promise((resolve) => void setTimeout(resolve, 50))
    }
  }

  test('who writes to the address in a letter gets no more of the stream, and is not answered', async () => {
    const [tired, fond] = ['tired@later.example.com', 'fond@later.example.com']
    assert.match(await letter([tired, fond]), /^250/)
    const mail = await delivered(tired)
    // Both keys sign it, and the field with it.
    assert.deepEqual(await dkimVerdicts(mail.raw, rig.domain), ['ed25519-sha256 pass', 'rsa-sha256 pass'])
    assert(mail.all('DKIM-Signature').every((value) => value.includes('list-unsubscribe:list-unsubscribe')))
    const link = linkOf(mail)
    assert.match(link.to, new RegExp(`^unsubscribe\\+.*@${RegExp.escape(BOUNCES)}$`))
    assert.notEqual(linkOf(await delivered(fond)).to, link.to)
    const earlier = rig.sandbox.received().length
    assert.match(await writes('', link), /^250 2\.0\.0/)
    const added = await rig.log.until('suppression.added', { to: tired })
    assert.deepEqual([added['reason'], added['stream']], ['unsubscribe', 'marketing'])
    const said = await refusal(tired)
    assert.match(
      said,
      /^550 5\.7\.1 <.*> is suppressed since \d{4}-\d\d-\d\d \(unsubscribe\): asked by mail of/,
    )
    // What was asked of one stream holds for no other, and of one recipient for no other.
    assert.match(await letter(fond), /^250/)
    const receipt = await rig.submit({ from: FROM, to: tired, content: BODY })
    await rig.log.until('delivery.delivered', { message: receipt })
    const since = rig.sandbox.received().slice(earlier)
    assert(since.every(({ envelope }) => envelope.to.every(({ to }) => to.local !== 'aki')))
  })

  test('a letter with a field of its own is left as it is, and so is mail that is no letter', async () => {
    const own = `List-Unsubscribe: <https://${DOMAIN}/out>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n${BODY}`
    assert.match(await letter('own@later.example.com', own), /^250/)
    const mail = await delivered('own@later.example.com')
    assert(mail.raw.includes(own.slice(0, own.indexOf('From:'))))
    assert.equal(mail.all('List-Unsubscribe').length, 1)
    await rig.submit({ from: FROM, to: 'receipt@later.example.com', content: BODY })
    assert.deepEqual((await delivered('receipt@later.example.com')).all('List-Unsubscribe'), [])
  })

  test('a letter too large for memory gets its field too', async () => {
    const body = Buffer.concat([Buffer.from(BODY), Buffer.alloc(600_000, `${'x'.repeat(70)}\r\n`)])
    assert.match(await letter('large@later.example.com', body), /^250/)
    const mail = await delivered('large@later.example.com')
    assert.match(linkOf(mail).subject, /^unsubscribe \S+$/)
    assert.equal((await dkimVerdicts(mail.raw, rig.domain)).length, 2)
  })

  test('a forged link is refused; a wish that was lifted stays lifted when the same mail comes again', async () => {
    const to = 'late@later.example.com'
    assert.match(await letter(to), /^250/)
    const link = linkOf(await delivered(to))
    const forged = { ...link, to: link.to.replace(/.@/, (last) => (last === '0@' ? '1@' : '0@')) }
    assert.match(await writes(to, forged), /^550 5\.1\.1/)
    assert.match(await writes(to, link), /^250/)
    await rig.log.until('suppression.added', { to })
    await rig.cli('suppression', 'remove', to, '--reason', 'subscribed again')
    assert.match(await writes(to, link), /^250/)
    await rig.log.until('feedback.repeated', { to })
    assert.deepEqual(await rig.cli('suppression', 'list', '--match', to), [])
  })
})
