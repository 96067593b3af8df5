/** A source that is warmed up, over real sockets: its number a day, what becomes of the rest, and an operator's word. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import type { WarmUpState } from '#engine/shaping'
import type { MessageId } from '#engine/spool'
import type { Explained } from '#product/operation'

import { DOMAIN, Rig } from './rig.ts'
import type { Sections } from './rig.ts'

const FROM = `alice@${DOMAIN}`

const SECTIONS: Sections = {
  queue: 'retry = ["1s"]\njitter = 0',
  'egress.sources.fresh': 'address = "127.0.0.2"\nwarm_up = true',
  'egress.sources.known': 'address = "127.0.0.3"',
  'egress.pools.default': 'sources = ["fresh:1000", "known"]',
  warm_up: 'schedule = [3, 6]\nwhen_full = "overflow"',
}

suite('warm-up', () => {
  let rig: Rig

  before(async () => {
    rig = await Rig.start({ sections: SECTIONS })
  })
  after(() => rig[Symbol.asyncDispose]())

  const submit = (to: string): ReturnType<Rig['submit']> =>
    rig.submit({ from: FROM, to, content: `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n` })

  const cameFrom = async (to: string): Promise<string> => (await rig.delivered(to)).client.address

  async function reasonOf(id: MessageId): Promise<string | undefined> {
    const { deliveries } = await rig.cli<Explained>('message', 'explain', id)
    return deliveries[0]?.reasons[0]?.at
  }

  test('so many go, the rest by the others of the pool or on the next day, over a crash too', async () => {
    // One after the other: what is asked for at once may go by either.
    for (let n = 0; n < 6; n += 1) {
      await submit(`m${n}@example.com`)
      await rig.delivered(`m${n}@example.com`)
    }
    const from = await Promise.all(Array.from({ length: 6 }, (_, n) => cameFrom(`m${n}@example.com`)))
    assert.deepEqual(from.filter((address) => address === '127.0.0.2').length, 3)
    const { step, limit } = await rig.log.until('warmup.full', { source: 'fresh' })
    assert.deepEqual([step, limit], [1, 3])

    await rig.restart('kill')
    await submit('later@example.com')
    assert.equal(await cameFrom('later@example.com'), '127.0.0.3')

    rig.configure({ ...SECTIONS, warm_up: 'schedule = [3, 6]\nwhen_full = "wait"' })
    assert.deepEqual((await rig.operations.reload()).problems, [])
    const waiting = await submit('waiting@example.com')
    // At first it is on its way to a path that is found to be full.
    while ((await reasonOf(waiting)) !== 'warming');
    const told = await rig.cliRun('message', 'explain', waiting, '--lang', 'en')
    assert.match(told.out, /step 1 of 2 allows 3 messages on a day/)
    assert.match(told.out, /hikyaku warm-up set fresh others --step 2/)

    const [row] = await rig.cli<readonly WarmUpState[]>('warm-up', 'list')
    assert.deepEqual([row?.source, row?.provider, row?.step, row?.sent], ['fresh', 'others', 1, 3])
    const wrong = await rig.cliRun('warm-up', 'set', 'known', 'others', '--done')
    assert.match(wrong.err, /known is not warmed up/)
    await rig.cli('warm-up', 'set', 'fresh', 'others', '--step', '2')
    assert.equal(await cameFrom('waiting@example.com'), '127.0.0.2')
    await rig.log.until('warmup.stepped', { why: 'operator', step: 2 })
  })
})
