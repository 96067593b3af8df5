/** A node followed live, by the command line in a process of its own. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'

import type { TraceRecord } from '#engine/trace'

import { CLI } from './child-node.ts'
import { Client } from './client.ts'
import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`
const SECRET = 'nobody may see this'

type Following = Disposable & {
  /** The first line that matches, now or when it comes: what two sessions say has no order. */
  until(wanted: RegExp): Promise<string>
  /** All it has said. */
  readonly said: readonly string[]
  interrupt(): void
  readonly ended: Promise<number | null>
  readonly complaint: () => string
}

/** Knocks until somebody hears it: only then the trace is there. */
async function heard(trace: Following, knock: () => Promise<unknown>): Promise<void> {
  const first = trace.until(/./).then(() => true)
  while (!(await Promise.race([first, knock().then(() => false)])));
}

suite('trace', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start()
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  const submit = (to: string): Promise<string> =>
    rig.submit({ from: FROM, to, content: `From: <${FROM}>\r\nTo: <${to}>\r\n\r\n${SECRET}\r\n` })

  function follow(...args: readonly string[]): Following {
    const command = [CLI, '--config', rig.files.configuration, 'trace', ...args]
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] })
    const said: string[] = []
    let stir: (() => void) | undefined
    let complaint = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
    createInterface(child.stdout).on('line', (line) => {
      said.push(line)
      stir?.()
    })
    const ended = once(child, 'close').then(([code]) => {
      stir?.()
      return code as number | null
    })
    return {
      said,
      ended,
      complaint: () => complaint,
      interrupt: () => void child.kill('SIGINT'),
      async until(wanted) {
        for (;;) {
          const found = said.find((line) => wanted.test(line))
          if (found !== undefined) return found
          if (child.exitCode !== null) throw new Error(`ended without ${wanted}: ${complaint}`)
          const { promise, resolve } = Promise.withResolvers<void>()
          stir = resolve
          await promise
        }
      },
      [Symbol.dispose]: () => void child.kill('SIGKILL'),
    }
  }

  const knockAtDoor = async (): Promise<void> => (await rig.client()).quit()

  test('both directions of one message are seen, without its content, until Ctrl-C', async () => {
    using trace = follow()
    await heard(trace, knockAtDoor)
    const id = await submit('both@seen.example.com')
    await trace.until(/ in {2}\d+ 127\.0\.0\.1 trusted C: RCPT TO:<both@seen\.example\.com>/)
    await trace.until(/C: \(\d+ octets of content\)/)
    await trace.until(new RegExp(`S: 250 2\\.0\\.0 Queued as ${id}`))
    await trace.until(/ out \d+ \S+ default → mx\.sandbox\.test C: RCPT TO:<both@seen\.example\.com>/)
    await trace.until(/S: 250 2\.0\.0 OK/)
    trace.interrupt()
    assert.equal(await trace.ended, 0)
    assert.equal(trace.complaint(), '')
    assert.doesNotMatch(trace.said.join('\n'), new RegExp(SECRET))
  })

  test('the passwords of clients are not seen', async () => {
    using trace = follow('--in', '--json')
    await heard(trace, knockAtDoor)
    for (const mechanism of ['PLAIN', 'LOGIN', 'SCRAM-SHA-256'] as const) {
      const client = await Client.ready(rig.node.port('submission'), { tls: 'starttls' })
      assert.match(await client.login(mechanism, rig.credential), /^235 /)
      await client.quit()
    }
    await trace.until(/AUTH SCRAM-SHA-256 \(credentials\)/)
    await trace.until(/"235 /)
    const all = trace.said.map((line) => (JSON.parse(line) as TraceRecord).line).join('\n')
    const { password, login } = rig.credential
    for (const secret of [
      password,
      Buffer.from(password).toString('base64'),
      Buffer.from(`\0${login}\0${password}`).toString('base64'),
    ])
      assert.ok(!all.includes(secret))
    trace.interrupt()
    assert.equal(await trace.ended, 0)
  })

  test('only one domain is followed, and the trace ends by itself after its seconds', async () => {
    using trace = follow('--out', '--domain', 'wanted.example.com', '--seconds', '20')
    using all = follow('--out')
    await heard(trace, async () => submit('knock@wanted.example.com'))
    await heard(all, async () => submit('knock@unwanted.example.com'))
    await submit('one@unwanted.example.com')
    await all.until(/RCPT TO:<one@unwanted/)
    await submit('one@wanted.example.com')
    await trace.until(/RCPT TO:<one@wanted/)
    assert.ok(!trace.said.some((line) => line.includes('@unwanted')))
    using brief = follow('--seconds', '1')
    assert.equal(await brief.ended, 0)
  })

  test('a node that stops ends the trace and says so; without one there is nothing to follow', async () => {
    using trace = follow()
    await heard(trace, knockAtDoor)
    await rig.node.stop()
    assert.equal(await trace.ended, 0)
    assert.match(trace.complaint(), /the node has stopped/)
    const { code, err } = await rig.cliRun('trace')
    // The other tests of this suite come in any order.
    await rig.run()
    assert.equal(code, 69)
    assert.match(err, /no node listens/)
  })
})
