/** The programs of docs/webhooks.md, run where their language is on the machine. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { Webhook } from 'standardwebhooks'

const DOCUMENT = readFileSync(new URL('../../docs/webhooks.md', import.meta.url), 'utf8')
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
const OLD = `whsec_${Buffer.alloc(32, 6).toString('base64')}`

function example(language: string): string {
  const [, code] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(DOCUMENT) ?? []
  assert.ok(code, `docs/webhooks.md has no example in ${language}`)
  return code
}

/** Two that are ours, and four that are not. */
function requests(): { secret: string; headers: Record<string, string>; body: string; ok: boolean }[] {
  const body = JSON.stringify({ type: 'events', data: { events: [{ id: '0-1-0', text: '配信済み' }] } })
  const sign = (at: number): Record<string, string> => ({
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': [OLD, SECRET]
      .map((secret) => new Webhook(secret).sign('evt_1', new Date(at), body))
      .join(' '),
  })
  const headers = sign(Date.now())
  return [
    { secret: SECRET, headers, body, ok: true },
    { secret: OLD, headers, body, ok: true },
    { secret: SECRET, headers, body: body.replace('0-1-0', '0-1-1'), ok: false },
    { secret: SECRET, headers: { ...headers, 'webhook-id': 'evt_2' }, body, ok: false },
    { secret: SECRET, headers: sign(Date.now() - 400_000), body, ok: false },
    { secret: `whsec_${Buffer.alloc(32, 9).toString('base64')}`, headers, body, ok: false },
  ]
}

const CALL = {
  js: `import { readFileSync } from 'node:fs'
const { secret, headers, body } = JSON.parse(readFileSync(0, 'utf8'))
console.log(verify(secret, headers, body)[0].id)`,
  python: `import sys
given = json.load(sys.stdin)
print(verify(given["secret"], given["headers"], given["body"].encode())[0]["id"])`,
} as const

function check(program: string, args: readonly string[]): void {
  for (const { ok, ...request } of requests()) {
    const ended = spawnSync(program, args, { input: JSON.stringify(request), encoding: 'utf8' })
    assert.deepEqual([ended.status === 0, ended.stdout.trim()], [ok, ok ? '0-1-0' : ''], ended.stderr)
  }
}

test('the example for Node verifies what is ours and nothing else', () => {
  check(process.execPath, ['--input-type=module', '--eval', `${example('js')}\n${CALL.js}`])
})

const hasPython = spawnSync('python3', ['--version']).status === 0

test('the example for Python does', { skip: hasPython ? false : 'no Python here' }, () => {
  check('python3', ['-c', `${example('python')}\n${CALL.python}`])
})
