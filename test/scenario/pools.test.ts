/** Streams with sources of their own, over real sockets from several addresses. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import type { Explained, QueueRow } from '#product/operation'

import { Client } from './client.ts'
import { DOMAIN, Rig } from './rig.ts'
import type { Sections } from './rig.ts'

const FROM = `alice@${DOMAIN}`

const listener = (stream: string): string =>
  `address = "127.0.0.1"\nport = 0\ntls = "none"\nauth = "none"\ntrusted = ["127.0.0.0/8"]\norganization = "default"\nstream = "${stream}"`

const SECTIONS: Sections = {
  queue: 'retry = ["1s"]\njitter = 0',
  'listeners.news': listener('news'),
  'listeners.both': listener('both'),
  'listeners.lost': listener('lost'),
  'egress.sources.one': 'address = "127.0.0.2"\nehlo = "one.hikyaku.test"',
  'egress.sources.two': 'address = "127.0.0.3"\nehlo = "two.hikyaku.test"',
  'egress.sources.gone': 'address = "192.0.2.1"',
  'egress.pools.default': 'sources = ["one"]',
  'egress.pools.newsletters': 'sources = ["two"]',
  'egress.pools.shared': 'sources = ["gone", "one", "two:3"]',
  'egress.pools.nowhere': 'sources = ["gone"]',
  'streams.news': 'pool = "newsletters"',
  'streams.both': 'pool = "shared"',
  'streams.lost': 'pool = "nowhere"',
}

suite('pools', () => {
  let rig: Rig

  before(async () => {
    rig = await Rig.start({ sections: SECTIONS })
  })
  after(() => rig[Symbol.asyncDispose]())

  async function submit(to: string, by = 'trusted'): Promise<string> {
    const client = await Client.ready(rig.node.port(by))
    const content = `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n`
    const said = await client.submit({ from: FROM, to, content })
    await client.quit()
    return /^250 2\.0\.0 Queued as (\w+)/.exec(said)?.[1] ?? assert.fail(said)
  }

  test('a stream leaves by the sources of its pool, and so does every other by its own', async () => {
    const all = Array.from({ length: 6 }, (_, n) => n)
    for (const n of all) {
      await submit(`news${n}@example.com`, 'news')
      await submit(`order${n}@example.com`)
    }
    for (const n of all) {
      const [news, order] = [
        await rig.delivered(`news${n}@example.com`),
        await rig.delivered(`order${n}@example.com`),
      ]
      assert.deepEqual(news.client, { address: '127.0.0.3', helo: 'two.hikyaku.test' })
      assert.deepEqual(order.client, { address: '127.0.0.2', helo: 'one.hikyaku.test' })
    }
  })

  test('what a source cannot take goes by the others of the pool', async () => {
    const all = Array.from({ length: 8 }, (_, n) => `both${n}@example.net`)
    for (const to of all) await submit(to, 'both')
    const addresses = new Set<string>()
    for (const to of all) addresses.add((await rig.delivered(to)).client.address)
    assert.ok(!addresses.has('192.0.2.1'))
  })

  test('an address that cannot be bound is told at the start, and by whatever waits for it', async () => {
    const { source, todo } = await rig.log.until('source.unbindable', { address: '192.0.2.1' })
    assert.equal(source, 'gone')
    assert.match(String(todo), /egress\.sources\.gone\.address/)
    const message = await submit('lost@example.com', 'lost')
    const { text } = await rig.log.until('path.down', { source: 'gone' })
    assert.match(String(text), /nothing can be sent from 192\.0\.2\.1: it is no address of this machine/)
    const { deliveries } = await rig.cli<Explained>('message', 'explain', message)
    assert.equal(deliveries[0]?.pool, 'nowhere')
    const [row] = await rig.cli<readonly QueueRow[]>('queue', '--match', '/lost/')
    assert.equal(row?.pool, 'nowhere')
    assert.deepEqual(
      row?.paths?.map((path) => path.source),
      ['gone'],
    )
  })

  test('a pool is another after a reload, and one that names no source of this process is refused', async () => {
    rig.configure({ ...SECTIONS, 'streams.news': 'pool = "default"' })
    assert.deepEqual(await rig.operations.reload(), { problems: [], restart: [] })
    await submit('anew@example.com', 'news')
    assert.equal((await rig.delivered('anew@example.com')).client.address, '127.0.0.2')
    const early = { 'egress.sources.new': '', 'egress.pools.newsletters': 'sources = ["new"]' }
    rig.configure({ ...SECTIONS, ...early })
    const { problems } = await rig.operations.reload()
    assert.match(problems.join(), /egress\.pools\.newsletters\.sources: new is new: restart the node/)
    rig.configure(SECTIONS)
    assert.deepEqual(await rig.operations.reload(), { problems: [], restart: [] })
    await submit('again@example.com', 'news')
    assert.equal((await rig.delivered('again@example.com')).client.address, '127.0.0.3')
  })
})
