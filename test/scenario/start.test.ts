/** `hikyaku start` as a newcomer meets it: every command that it prints is run as it stands, and works. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { testDirectory } from '../directory.ts'

import { CLI } from './child-node.ts'
import { EventLog } from './event-log.ts'
import { hasProgram, runProgram } from './program.ts'

/** Any free ports, so that a newcomer may run beside the tests. */
const PORTS = Object.fromEntries(
  [
    'HTTP',
    'LISTENERS_SUBMISSION',
    'LISTENERS_SUBMISSIONS',
    'SANDBOX_SMTP',
    'SANDBOX_DNS',
    'SANDBOX_HTTP',
  ].map((name) => [`HIKYAKU_${name}_PORT`, '0']),
)

type Newcomer = AsyncDisposable & {
  readonly welcome: string
  readonly log: EventLog
  /** Runs a line in the newcomer's shell. */
  shell(line: string): ReturnType<typeof runProgram>
  /** Ctrl-C. */
  interrupt(): Promise<number | null>
}

async function start(): Promise<Newcomer> {
  const cwd = testDirectory('hikyaku-newcomer-')
  // As from a shell: what npm says of its own run is not of this one.
  const env = { ...process.env, ...PORTS, INIT_CWD: cwd }
  const child = spawn(process.execPath, [CLI, 'start'], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  const closed = once(child, 'close')
  let welcome = ''
  for await (const text of child.stderr.setEncoding('utf8') as AsyncIterable<string>) {
    welcome += text
    if (welcome.includes('Ctrl-C')) break
  }
  return {
    welcome,
    log: new EventLog(join(cwd, 'data', 'log')),
    shell: (line) => runProgram('/bin/sh', ['-c', `cd '${cwd}' && ${line}`], { env: PORTS }),
    async interrupt() {
      child.kill('SIGINT')
      await closed
      return child.exitCode
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await closed
      rmSync(cwd, { recursive: true, force: true })
    },
  }
}

/** The command of the welcome that begins so, its continued lines joined. */
function command(welcome: string, begins: string): string {
  const from = welcome.indexOf(`\n  ${begins}`)
  assert.notEqual(from, -1, welcome)
  return (
    welcome
      .slice(from + 1)
      .replaceAll('\\\n', ' ')
      .split('\n', 1)[0]
      ?.trim() ?? ''
  )
}

test('each command that start prints sends a message, and the sandbox shows what came', async () => {
  await using newcomer = await start()
  const { welcome, log } = newcomer
  // The newcomer stands elsewhere, and has no bin/ there.
  const [, hikyaku = ''] = /^ {2}(\S*hikyaku) send /m.exec(welcome) ?? []
  assert.notEqual(hikyaku, 'bin/hikyaku')
  const possible = [
    `${hikyaku} send`,
    ...(hasProgram('swaks', '--version') ? ['swaks'] : []),
    ...(hasProgram('curl', '--version') ? ['printf', 'curl'] : []),
  ]
  const to = 'user@example.com'
  for (const [n, begins] of possible.entries()) {
    const { code, out, err } = await newcomer.shell(command(welcome, begins))
    assert.equal(code, 0, `${begins}: ${out}${err}`)
    await log.until('delivery.delivered', { to }, n + 1)
  }
  const list = await newcomer.shell(command(welcome, `${hikyaku} message list`))
  assert.equal(list.out.split('\n').filter((line) => line.includes(to)).length, possible.length)
  assert.equal((await newcomer.shell(command(welcome, `${hikyaku} queue`))).code, 0)
  const [page = ''] = /http:\/\/127\.0\.0\.1:\d+\/$/m.exec(welcome) ?? []
  assert.match(await (await fetch(page)).text(), /user@example\.com/)
  assert.equal(await newcomer.interrupt(), 0)
})
