/** Each program of examples/, run against a node where its language is on the machine. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { globSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'

import { Webhook } from 'standardwebhooks'

import { mailOf } from '../scenario/mail.ts'
import { runProgram } from '../scenario/program.ts'
import type { Ran } from '../scenario/program.ts'
import { DOMAIN, Rig } from '../scenario/rig.ts'
import { need, needAll } from '../interop/need.ts'
import type { Need } from '../interop/need.ts'

const EXAMPLES = join(import.meta.dirname, '../../examples')
const FROM = `shop@${DOMAIN}`

type Language = {
  readonly folder: string
  readonly ending: string
  readonly command: string
  readonly needs: Need
}

const LANGUAGES: readonly Language[] = [
  {
    folder: 'curl',
    ending: 'sh',
    command: 'sh',
    needs: needAll(need('curl', '--version'), need('openssl', 'version')),
  },
  { folder: 'node', ending: 'mjs', command: process.execPath, needs: { skip: false } },
  { folder: 'python', ending: 'py', command: 'python3', needs: need('python3', '--version') },
  { folder: 'php', ending: 'php', command: 'php', needs: need('php', '--version') },
  { folder: 'ruby', ending: 'rb', command: 'ruby', needs: need('ruby', '--version') },
]

/** A receiver of webhooks that says what it takes, a line each. */
class Receiver implements AsyncDisposable {
  readonly port: number
  readonly lines: string[] = []
  readonly #child: ChildProcess
  #told = Promise.withResolvers<void>()

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** On any port when it is 0. */
  static async of({ folder, command, ending }: Language, secret: string, wanted = 0): Promise<Receiver> {
    const isPhp = folder === 'php'
    const file = join(EXAMPLES, folder, `verify-webhook.${ending}`)
    // PHP's server does not say which port it got.
    const port = isPhp && wanted === 0 ? await freePort() : wanted
    const args = isPhp ? ['-S', `127.0.0.1:${port}`, file] : [file]
    const env = { ...process.env, HIKYAKU_WEBHOOK_SECRET: secret, PORT: String(port) }
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const says = createInterface({ input: isPhp ? child.stderr : child.stdout })
    const [, said] = await new Promise<readonly string[]>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
      says.on('line', (line) => {
        const listening = isPhp ? /(started)/.exec(line) : /^listening on (\d+)$/.exec(line)
        if (listening !== null) resolve(listening)
      })
    })
    const receiver = new Receiver(child, isPhp ? port : Number(said))
    const lines = isPhp ? createInterface({ input: child.stdout }) : says
    lines.on('line', (line) => {
      receiver.lines.push(line)
      receiver.#told.resolve()
      receiver.#told = Promise.withResolvers()
    })
    return receiver
  }

  async until(line: string): Promise<void> {
    while (!this.lines.includes(line)) await this.#told.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.kill()
    await ended
  }
}

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

suite('examples', () => {
  let rig: Rig
  let token: string
  before(async () => {
    rig = await Rig.start({ sections: { webhooks: 'allow = ["127.0.0.0/8"]\nbatch_wait = "100ms"' } })
    ;({ token } = await rig.operations.apiKeyAdd({
      organization: 'default',
      stream: 'transactional',
      note: 'examples',
      scopes: ['messages:send', 'events:read', 'webhooks:write'],
      networks: [],
    }))
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  function run(
    { folder, ending, command }: Language,
    name: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<Ran> {
    const given = { HIKYAKU_URL: rig.node.api, HIKYAKU_KEY: token, ...env }
    return runProgram(command, [join(EXAMPLES, folder, `${name}.${ending}`), ...args], { env: given })
  }

  test('there is one of each in each language, and none that is not run', () => {
    const tasks = ['read-events', 'send', 'send-batch', 'send-with-attachment', 'verify-webhook']
    const expected = LANGUAGES.flatMap(({ folder, ending }) =>
      tasks.map((task) => `${folder}/${task}.${ending}`),
    )
    assert.deepEqual(globSync('*/*', { cwd: EXAMPLES }).toSorted(), expected.toSorted())
  })

  for (const language of LANGUAGES) {
    suite(`in ${language.folder}`, { skip: language.needs.skip }, () => {
      const { folder } = language

      test('a message is sent', async () => {
        const to = `${folder}@send.example.com`
        const { code, out, err } = await run(language, 'send', [FROM, to])
        assert.equal(code, 0, err)
        assert.ok(out.includes(folder === 'curl' ? `"email":"${to}"` : `${to} queued`), out)
        const mail = mailOf((await rig.delivered(to)).raw)
        assert.deepEqual([mail.one('Subject'), mail.one('From')], ['Your order', `Example shop <${FROM}>`])
      })

      test('a message that is refused is told of', async () => {
        const { code, out, err } = await run(language, 'send', [FROM, 'no address'])
        assert.notEqual(code, 0)
        assert.match(out + err, /invalid/)
      })

      test('a file goes with a message', async () => {
        const to = `${folder}@file.example.com`
        const file = join(rig.directory, `${folder}-invoice.pdf`)
        const octets = Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * 7) % 256))
        writeFileSync(file, octets)
        const { code, err } = await run(language, 'send-with-attachment', [FROM, to, file])
        assert.equal(code, 0, err)
        const raw = String((await rig.delivered(to)).raw)
        assert.match(raw, /invoice\.pdf/)
        const [line = ''] = octets.toString('base64').match(/.{60}/) ?? []
        assert.ok(raw.replaceAll('\r\n', '').includes(line))
      })

      test('one letter goes to many, to each with their name', async () => {
        const all = ['ichiro', 'jiro'].map((name) => `${name}@${folder}-batch.example.com`)
        const { code, out, err } = await run(language, 'send-batch', [FROM, ...all])
        assert.equal(code, 0, err)
        for (const to of all)
          assert.ok(out.includes(folder === 'curl' ? `"email":"${to}"` : `${to} queued`), out)
        for (const [n, to] of all.entries()) {
          const mail = mailOf((await rig.delivered(to)).raw)
          assert.equal(mail.one('Subject'), `Your points, ${['ichiro', 'jiro'][n]}`)
        }
      })

      test('what happened is read, and gone on with', async () => {
        const to = `${folder}@events.example.com`
        const first = await run(language, 'read-events', [])
        assert.equal(first.code, 0, first.err)
        const cursor =
          folder === 'curl'
            ? (JSON.parse(first.out) as { next: string }).next
            : /next: (\S+)/.exec(first.out)?.[1]
        await run(language, 'send', [FROM, to])
        await rig.delivered(to)
        const { code, out, err } = await run(language, 'read-events', [cursor ?? ''])
        assert.equal(code, 0, err)
        assert.match(out, new RegExp(folder === 'curl' ? `"${to}"` : `accepted ${to}`))
      })
    })
  }

  for (const language of LANGUAGES.filter(({ folder }) => folder !== 'curl')) {
    const { folder, needs } = language
    test(`webhooks in ${folder}: what is ours is taken, and nothing else`, { skip: needs.skip }, async () => {
      const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
      await using forged = await Receiver.of(language, secret)
      const body = JSON.stringify({
        type: 'events',
        data: { events: [{ kind: 'bounced', recipient: '太郎@example.com' }] },
      })
      const ask = async (signer: string, at: number, sent = body): Promise<number> => {
        const signature = new Webhook(signer).sign('msg_1', new Date(at), body)
        const headers = {
          'webhook-id': 'msg_1',
          'webhook-timestamp': String(Math.floor(at / 1000)),
          'webhook-signature': `v1,AAAA ${signature}`,
        }
        const answer = await fetch(`http://127.0.0.1:${forged.port}/`, {
          method: 'POST',
          headers,
          body: sent,
        })
        return answer.status
      }
      const now = Date.now()
      assert.equal(await ask(`whsec_${Buffer.alloc(32, 6).toString('base64')}`, now), 401)
      assert.equal(await ask(secret, now - 400_000), 401)
      assert.equal(await ask(secret, now, body.replace('bounced', 'delivered')), 401)
      assert.deepEqual(forged.lines, [])
      assert.equal(await ask(secret, now), 204)
      await forged.until('bounced 太郎@example.com')
    })

    test(`webhooks in ${folder}: a node is heard`, { skip: needs.skip }, async () => {
      const to = `${folder}@webhook.example.com`
      const port = await freePort()
      const made = await fetch(`${rig.node.api}/v1/webhooks`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url: `http://127.0.0.1:${port}/`, kinds: ['delivered'] }),
      })
      const { secret } = (await made.json()) as { secret: string }
      await using receiver = await Receiver.of(language, secret, port)
      await run(language, 'send', [FROM, to])
      await receiver.until(`delivered ${to}`)
    })
  }

  test(
    'webhooks in curl: what is ours is told from what is not',
    { skip: LANGUAGES[0]?.needs.skip ?? false },
    async () => {
      const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
      const body = '{"type":"ping",\n"data":{}}\n'
      const now = Date.now()
      const check = async (signer: string, at: number, sent: string): Promise<number | null> => {
        const signature = `v1,AAAA ${new Webhook(signer).sign('msg_1', new Date(at), body)}`
        const args = [
          join(EXAMPLES, 'curl/verify-webhook.sh'),
          'msg_1',
          String(Math.floor(at / 1000)),
          signature,
        ]
        const env = { HIKYAKU_WEBHOOK_SECRET: secret }
        return (await runProgram('sh', args, { input: sent, env })).code
      }
      assert.equal(await check(secret, now, body), 0)
      for (const [signer, at, sent] of [
        [`whsec_${Buffer.alloc(32, 6).toString('base64')}`, now, body],
        [secret, now - 400_000, body],
        [secret, now, body.trimEnd()],
      ] as const)
        assert.equal(await check(signer, at, sent), 1)
    },
  )
})
