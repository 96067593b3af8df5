/** `bin/hikyaku` as an operator types it: from another directory, by the machine's own Node, with and without a node. */

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import { CLI } from '../scenario/child-node.ts'
import { mailOf } from '../scenario/mail.ts'
import { runProgram } from '../scenario/program.ts'
import type { Ran } from '../scenario/program.ts'
import { DOMAIN, NODE_NAME, Rig } from '../scenario/rig.ts'

const FROM = `shop@${DOMAIN}`
/** So long that nothing is tried twice by itself. */
const SLOW = 'retry = ["10m"]\njitter = 0'
const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'hikyaku')

suite('bin/hikyaku', () => {
  let rig: Rig
  let program: string
  let empty: string

  before(async () => {
    rig = await Rig.start({ sections: { queue: SLOW } })
    empty = join(rig.directory, 'empty')
    mkdirSync(empty)
    // As a package installs it: a link on the path.
    program = join(rig.directory, 'hikyaku')
    symlinkSync(PROGRAM, program)
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  /** Runs a shell line in an empty directory; `hikyaku` is the program. */
  function shell(line: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const script = `cd "$0" && hikyaku() { "$PROGRAM" "$@"; }; set -o pipefail; ${line}`
    return runProgram('bash', ['-c', script, empty], { env: { PROGRAM: program, ...env } })
  }

  /** The same with the configuration of the running node. */
  function hikyaku(line: string): Promise<Ran> {
    return shell(`hikyaku ${line}`, { HIKYAKU_CONFIG: rig.files.configuration })
  }

  suite('of one line each', { concurrency: true }, () => {
    test('without a node or data anywhere near, it says so, and leaves nothing behind', async () => {
      for (const line of ['queue', 'domain add example.com']) {
        const { code, out, err } = await shell(`hikyaku ${line}`)
        assert.deepEqual([code, out], [69, ''])
        assert.match(
          err,
          new RegExp(
            `^hikyaku: there is no data directory ${RegExp.escape(empty)}/data: name the configuration`,
          ),
        )
      }
      assert.ok(!existsSync(join(empty, 'data')))
    })

    test('--version and --help need nothing', async () => {
      assert.match((await shell('hikyaku --version')).out, /^\d+\.\d+\.\d+\n$/)
      const { code, out } = await shell('hikyaku message list --help')
      assert.equal(code, 0)
      assert.match(out, /^Usage: hikyaku message list \[options\]\n/)
    })

    test('a short command loads no database, no metrics and no mail composer', async () => {
      const hook = `
        import { registerHooks } from 'node:module'
        const loaded = []
        registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
        process.on('exit', () => console.error(loaded.join('\\n')))`
      const imported = `data:text/javascript,${encodeURIComponent(hook)}`
      const { err } = await runProgram(process.execPath, ['--import', imported, CLI, '--version'])
      const packages = new Set(Array.from(err.matchAll(/node_modules\/([^/]+)\//g), ([, name]) => name))
      assert.deepEqual(packages, new Set(['commander', 'smol-toml']))
    })

    test('a configuration with mistakes is told by every command, in one form', async () => {
      const file = join(rig.directory, 'wrong.toml')
      writeFileSync(file, '[limits]\nsize = "huge"\nrecipient = 5\n')
      for (const line of ['queue', 'config check', 'serve', 'start']) {
        const { code, out, err } = await shell(`hikyaku --config ${file} ${line}`)
        assert.equal(code, 78, line)
        assert.match(out + err, /wrong\.toml has (2 )?mistakes:?\n {2}limits\./)
        assert.match(out + err, /limits\.recipient/)
      }
      const { code, err } = await shell('hikyaku --config nowhere.toml queue')
      assert.equal(code, 78)
      assert.match(err, /nowhere\.toml: cannot be read/)
      assert.doesNotMatch(err, /\n +at /)
    })

    test('a message goes from send to the receiver, and what became of it can be asked', async () => {
      writeFileSync(join(empty, 'photo.txt'), 'a file\n')
      const to = 'hikyaku@cli.example.com'
      const line = `send --from 'Shop <${FROM}>' --to ${to} --subject 通知 --text 本文 --attach photo.txt --json`
      const sent = await hikyaku(line)
      assert.deepEqual([sent.code, sent.err], [0, ''])
      const { id } = JSON.parse(sent.out) as { readonly id: string }
      const mail = mailOf((await rig.delivered(to)).raw)
      assert.equal(mail.one('From'), `Shop <${FROM}>`)
      assert.equal(mail.one('Subject'), '=?UTF-8?B?6YCa55+l?=')
      assert.match(mail.body, new RegExp(Buffer.from('a file\n').toString('base64')))
      const shown = await hikyaku(`message show ${id}`)
      assert.match(shown.out, new RegExp(`^0 {2}${to} {2}delivered`, 'm'))
      const listed = await hikyaku(
        `message list --to ${to.toUpperCase().replace('HIKYAKU@', 'hikyaku@')} --json`,
      )
      assert.equal((JSON.parse(listed.out) as readonly unknown[]).length, 1)
    })

    test('a message of a file arrives octet by octet but for line ends', async () => {
      const to = 'file@cli.example.com'
      const text = `From: ${FROM}\nTo: ${to}\nDate: Sun, 22 Nov 2026 10:21:49 +0900\nMessage-ID: <f@${DOMAIN}>\n\n.\n日本語\n`
      writeFileSync(join(empty, 'message.eml'), text)
      assert.equal((await hikyaku(`send --from ${FROM} --to ${to} --file message.eml`)).code, 0)
      const { raw } = await rig.delivered(to)
      assert.ok(raw.toString().endsWith(text.replaceAll('\n', '\r\n')))
    })

    test('who may not send from a domain is told, with 1', async () => {
      const { code, err } = await hikyaku('send --from ceo@elsewhere.example --to a@example.com --text x')
      assert.equal(code, 1)
      assert.match(err, /^hikyaku: .*domain/)
    })

    test('a queue that waits is seen, held, released and cancelled', async () => {
      const to = 'defer-me@waiting.example.com'
      const id = await rig.submit({ from: FROM, to, content: `From: <${FROM}>\r\n\r\nx\r\n` })
      await rig.log.until('delivery.deferred', { message: id })
      const seen = await hikyaku('queue --match waiting.example')
      assert.match(seen.out, /^default\/transactional\/waiting\.example\.com +1 /m)
      assert.match(
        (await hikyaku('message hold --to @waiting.example.com --reason later')).out,
        /\n1 delivery held\.\n$/,
      )
      assert.match((await hikyaku(`message show ${id}.0`)).out, /held {2}\[.*\n(.*\n)* {5}later\n/)
      assert.equal((await hikyaku(`message release ${id}`)).code, 0)
      assert.equal((await hikyaku(`message cancel ${id}`)).code, 0)
      const again = await hikyaku(`message cancel ${id} --json`)
      assert.equal(again.code, 66)
      assert.equal((JSON.parse(again.out) as { error: { code: string } }).error.code, 'missing')
    })

    test('a reader that has seen enough is no failure', async () => {
      const env = { HIKYAKU_CONFIG: rig.files.configuration }
      // `true` reads nothing: the pipe is closed by the time there is something to say.
      for (const line of [
        'hikyaku --help | true',
        'hikyaku message list --json | head -c 1 >/dev/null',
        'hikyaku domain show example.org | true',
      ]) {
        const { code, err } = await shell(line, env)
        assert.deepEqual([code, err], [0, ''], line)
      }
    })
  })

  // These one after the other, before or after: one changes the configuration, one stops the node for a while.
  test('status and reload', async () => {
    const { out } = await hikyaku('status')
    assert.match(out, new RegExp(`^${RegExp.escape(NODE_NAME)}, hikyaku \\d.*\naccepting mail\n`))
    assert.match(out, /^ {2}submission {2}127\.0\.0\.1:\d+$/m)
    assert.deepEqual(await hikyaku('reload'), { code: 0, out: 'Read again.\n', err: '' })
    rig.configure({ queue: 'retry = ["20m"]', dns: 'timeout = "3s"' })
    assert.match(
      (await hikyaku('reload')).out,
      /^Read again\.\nThese changes hold only after a restart: \[dns\]\n$/,
    )
    rig.configure({ queue: 'retry = "soon"' })
    const refused = await hikyaku('reload')
    assert.equal(refused.code, 78)
    assert.match(refused.err, /^hikyaku: .*hikyaku\.toml has mistakes:\n {2}queue\.retry/)
    rig.configure({ queue: SLOW })
    assert.equal((await hikyaku('reload')).code, 0)
  })

  test('without the node its stores still answer, and what needs a node says so', async () => {
    const id = await rig.submit({
      from: FROM,
      to: 'defer-me@offline.example.com',
      content: `From: <${FROM}>\r\n\r\nx\r\n`,
    })
    await rig.log.until('delivery.deferred', { message: id })
    await rig.node.stop()
    try {
      assert.ok(!existsSync(join(rig.files.data, 'control.sock')))
      assert.match(
        (await hikyaku('queue --match offline.example')).out,
        /^default\/transactional\/offline\.example\.com +1 /m,
      )
      assert.match(
        (await hikyaku('message cancel --to @OFFLINE.example.com')).out,
        /\n1 delivery cancelled\.\n$/,
      )
      assert.match((await hikyaku(`message list --to defer-me@offline.example.com`)).out, / cancelled /)
      assert.equal((await hikyaku('domain show example.org')).code, 0)
      assert.equal((await hikyaku('credential add --note offline')).code, 0)
      for (const line of ['status', 'reload', `send --from ${FROM} --to a@example.com --text x`]) {
        const { code, err } = await hikyaku(line)
        assert.equal(code, 69)
        assert.match(err, /needs a running node: hikyaku serve\n$/)
      }
    } finally {
      await rig.run()
    }
  })
})
