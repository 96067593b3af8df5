/** A client that keeps a large message coming, slowly but well above the least, until its session has lasted too long. */

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'

import { Client } from './client.ts'
import { DOMAIN, Rig } from './rig.ts'

const LINE = `${'x'.repeat(76)}\r\n`

/** Begins a message and adds to it until something is said; gives what. */
async function trickle(rig: Rig, how: 'DATA' | 'BDAT 30000000'): Promise<readonly string[]> {
  using client = await Client.ready(rig.node.port('trusted'))
  assert.match(await client.say(`MAIL FROM:<a@${DOMAIN}>`), /^250 /)
  assert.match(await client.say('RCPT TO:<late@example.com>'), /^250 /)
  if (how === 'DATA') assert.match(await client.say(how), /^354 /)
  else client.write(`${how}\r\n`)
  client.write(`From: a@${DOMAIN}\r\n\r\n${LINE.repeat(10_000)}`)
  const more = setInterval(() => client.write(LINE.repeat(20)), 100)
  try {
    return [await client.reply(), await client.reply()]
  } finally {
    clearInterval(more)
  }
}

suite('the longest session', { concurrency: true }, () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start({ sections: { limits: 'session = "3s"\nidle = "3s"\nminimum_rate_window = "3s"' } })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  /** Of messages in the spool. */
  function chunks(): number {
    using db = new DatabaseSync(join(rig.files.data, 'spool.db'), { readOnly: true })
    return Number(db.prepare('select count(*) as n from chunk').get()?.['n'])
  }

  test('content that trickles, by DATA and by BDAT, ends with it and leaves nothing in the spool', async () => {
    const said = '421 4.4.2 The session lasted too long: the limit is 3 s, closing'
    const both = Promise.all([trickle(rig, 'DATA'), trickle(rig, 'BDAT 30000000')])
    while (chunks() === 0) await setTimeout(50)
    for (const heard of await both) assert.deepEqual(heard, [said, 'closed'])
    const limit = 'limits.session'
    await rig.log.until('submission.cut', { limit, listener: 'trusted', place: 'data' })
    await rig.log.until('submission.cut', { limit, listener: 'trusted', place: 'chunk' })
    // A message that comes behind them is written behind them.
    const content = `From: a@${DOMAIN}\r\n\r\nhello\r\n`
    await rig.submit({ from: `a@${DOMAIN}`, to: 'fine@example.com', content })
    assert.equal(chunks(), 0)
    await rig.log.until('message.accepted')
    assert.equal(rig.log.count('message.accepted'), 1)
  })
})
