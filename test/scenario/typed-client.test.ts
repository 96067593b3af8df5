/** The client of client/ with a real node, from its source and as the package that others install. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'

import { Hikyaku, HikyakuError } from '../../client/src/index.ts'

import { Rig, DOMAIN } from './rig.ts'

const run = promisify(execFile)

const MAIL = { from: `shop@${DOMAIN}`, subject: 'Hello', text: 'First message' }

suite('the typed client', () => {
  let rig: Rig
  let hikyaku: Hikyaku
  let token: string
  before(async () => {
    rig = await Rig.start()
    ;({ token } = await rig.operations.apiKeyAdd({
      organization: 'default',
      stream: 'transactional',
      note: '',
      scopes: ['messages:send', 'messages:read', 'messages:write', 'events:read', 'statistics:read'],
      networks: [],
    }))
    hikyaku = new Hikyaku({ url: rig.node.api, key: token })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  test('a message is sent once under its key, followed, and found in pages', async () => {
    const to = ['one@pages.example.com', 'two@pages.example.com', 'three@pages.example.com']
    const idempotencyKey = 'client-1'
    const first = await hikyaku.sendMessage({ ...MAIL, to }, { idempotencyKey })
    assert.equal((await hikyaku.sendMessage({ ...MAIL, to }, { idempotencyKey })).id, first.id)
    for (const recipient of to) assert.match(String((await rig.delivered(recipient)).raw), /First message/)
    const found: string[] = []
    for await (const { recipient } of hikyaku.listDeliveriesAll({
      recipient: '@pages.example.com',
      limit: 2,
    }))
      found.push(recipient)
    assert.deepEqual(found.toSorted(), to.toSorted())
    const { deliveries } = await hikyaku.showMessage({ id: first.id })
    assert.equal(deliveries.length, 3)
    assert.match(await hikyaku.downloadStatistics({ by: 'day' }), /accepted/)
  })

  test('a form carries files', async () => {
    const form = new FormData()
    form.set('message', JSON.stringify({ ...MAIL, to: 'file@client.example.com' }))
    form.append('attachments', new Blob(['a,b\r\n']), 'list.csv')
    await hikyaku.sendMessage(form)
    assert.match(String((await rig.delivered('file@client.example.com')).raw), /filename="?list\.csv/)
  })

  test('events come as they happen, and are read again from anywhere', async () => {
    const end = new AbortController()
    const live = hikyaku.followEvents({ recipient: 'live@client.example.com' }, { signal: end.signal })
    const next = live.next()
    const { id } = await hikyaku.sendMessage({ ...MAIL, to: 'live@client.example.com' })
    const event = await next
    assert.ok(event.done !== true)
    assert.deepEqual([event.value.kind, event.value.message], ['accepted', id])
    await live.return()
    end.abort()
    await rig.delivered('live@client.example.com')
    const kinds = new Set<string>()
    for await (const { kind } of hikyaku.listEventsAll({ message: id })) kinds.add(kind)
    assert.ok(kinds.has('accepted'))
  })

  test('what cannot be is an error with its place', async () => {
    await assert.rejects(hikyaku.sendMessage({ ...MAIL, to: 'no address' }), (error) => {
      assert.ok(error instanceof HikyakuError)
      assert.deepEqual([error.status, error.code], [422, 'invalid'])
      assert.equal(error.errors[0]?.pointer, '#/to')
      assert.ok(error.request)
      return true
    })
    await assert.rejects(hikyaku.listUsers(), { code: 'forbidden' })
    const stranger = new Hikyaku({ url: rig.node.api, key: 'hk_wrong' })
    await assert.rejects(stranger.listDeliveries(), { code: 'unauthenticated' })
  })

  test('the package is built of what is here, has types, and runs where Node strips none', async () => {
    const root = join(import.meta.dirname, '../..')
    const out = join(rig.directory, 'package')
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    await run(process.execPath, [compiler, '-p', join(root, 'client'), '--outDir', join(out, 'dist')])
    assert.ok(existsSync(join(out, 'dist/index.d.ts')))
    await writeFile(join(out, 'package.json'), '{"type":"module"}')
    const program = [
      "import { Hikyaku } from './dist/index.js'",
      'const hikyaku = new Hikyaku({ url: process.env.HIKYAKU_URL, key: process.env.HIKYAKU_KEY })',
      `const mail = { from: 'shop@${DOMAIN}', to: 'package@client.example.com', subject: 'x', text: 'x' }`,
      'console.log((await hikyaku.sendMessage(mail)).id)',
    ]
    await writeFile(join(out, 'send.js'), program.join('\n'))
    const env = { HIKYAKU_URL: rig.node.api, HIKYAKU_KEY: token }
    const { stdout } = await run(process.execPath, ['--no-strip-types', join(out, 'send.js')], { env })
    assert.match(stdout, /^[0-9a-z]{11}\n$/)
    await rig.delivered('package@client.example.com')
  })
})
