/** The settings of docs/recipes/wordpress.md, in PHPMailer, against a running node. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import { mailOf } from '../scenario/mail.ts'
import { runProgram } from '../scenario/program.ts'
import type { Ran } from '../scenario/program.ts'
import { DOMAIN, NODE_NAME, Rig } from '../scenario/rig.ts'

import { need, needAll, needFile } from './need.ts'

const PHPMAILER = '/usr/share/php/libphp-phpmailer/autoload.php'
const RECIPE = readFileSync(join(import.meta.dirname, '../../docs/recipes/wordpress.md'), 'utf8')

const SETTINGS = /^```php\n([^]*?)^```/m.exec(RECIPE)?.[1] ?? ''

/** Those of the recipe, with what is of one node alone: host, port, login, password, and here and there another. */
function settings(values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((text, [name, value]) => {
    const line = new RegExp(`define\\( '${name}', .+ \\);`)
    assert.match(text, line, `the recipe does not set ${name}`)
    return text.replace(line, () => `define( '${name}', ${value} );`)
  }, SETTINGS)
}

/** What PHPMailer says, and the recipe explains. */
function told(output: string, words: string): void {
  assert.ok(output.includes(words), output)
  assert.ok(RECIPE.includes(words), 'the recipe says nothing of it')
}

suite('WordPress', needAll(need('php', '--version'), needFile('PHPMailer', PHPMAILER)), () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start()
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  function send(listener: string, to: string, more: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const { login, password } = rig.credential
    const parameters = {
      settings: settings({
        WPMS_SMTP_HOST: "'127.0.0.1'",
        WPMS_SMTP_PORT: String(rig.node.port(listener)),
        WPMS_SMTP_USER: `'${login}'`,
        WPMS_SMTP_PASS: `'${password}'`,
        ...more,
      }),
      author: 'visitor@elsewhere.example.net',
      to,
      certificate: join(rig.files.data, 'tls', 'self-signed.pem'),
      name: NODE_NAME,
    }
    const program = join(import.meta.dirname, 'wordpress-client.php')
    return runProgram('php', [program, PHPMAILER], { input: JSON.stringify(parameters) })
  }

  for (const [listener, more] of [
    ['submission', {}],
    ['submissions', { WPMS_SSL: "'ssl'" }],
  ] as const)
    test(`the settings of the recipe send, at ${listener}`, async () => {
      const to = `wordpress-${listener}@clients.example.com`
      const { code, out, err } = await send(listener, to, more)
      assert.equal(code, 0, `${err}${out}`)
      const { raw, envelope } = await rig.delivered(to)
      const mail = mailOf(raw)
      assert.equal(mail.one('From'), `Example shop <wordpress@${DOMAIN}>`)
      assert.deepEqual(envelope.from, { local: 'wordpress', domain: DOMAIN })
      assert.ok(mail.all('DKIM-Signature').every((field) => field.includes(`d=${DOMAIN}`)))
    })

  test('without Force From Email the address of a visitor is refused, as the recipe says', async () => {
    const to = 'wordpress-visitor@clients.example.com'
    const { code, out, err } = await send('submission', to, { WPMS_MAIL_FROM_FORCE: 'false' })
    assert.notEqual(code, 0)
    told(`${err}${out}`, 'Your organization does not send from that domain')
    assert.deepEqual(rig.received(to), [])
  })

  test('a wrong password is told as the recipe says', async () => {
    const to = 'wordpress-wrong@clients.example.com'
    const { code, out, err } = await send('submission', to, { WPMS_SMTP_PASS: "'wrong'" })
    assert.notEqual(code, 0)
    told(`${err}${out}`, 'Could not authenticate')
  })
})
