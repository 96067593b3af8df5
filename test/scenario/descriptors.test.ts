/** A node that runs out of file descriptors: it says so, goes on with those who are in, and recovers. */

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'

import { Client } from './client.ts'
import { hasProgram, runProgram } from './program.ts'
import { DOMAIN, Rig } from './rig.ts'

/** Lets a process have so many descriptors, from now on. */
async function limit(pid: number, descriptors: number): Promise<void> {
  const { code, err } = await runProgram('prlimit', ['--pid', String(pid), `--nofile=${descriptors}:`])
  assert.equal(code, 0, err)
}

/** Clients, until one is turned away without a word. */
async function fill(port: number): Promise<readonly Client[]> {
  const inside: Client[] = []
  for (;;) {
    try {
      inside.push(await Client.ready(port))
    } catch (error) {
      assert.match(String(error), /greeted with closed/)
      return inside
    }
  }
}

const skip = hasProgram('prlimit', '--version') ? false : 'there is no prlimit'

suite('without file descriptors', { skip }, () => {
  test('new clients are turned away, the log and a metric say so, and those who are in go on', async () => {
    await using rig = await Rig.start({ sections: { limits: 'connections_per_address = 2000' } })
    const { pid, monitoring } = rig.node
    const port = rig.node.port('trusted')
    using before = await Client.ready(port)
    // Lower numbers that are free are taken first.
    await limit(pid, Math.max(...readdirSync(`/proc/${pid}/fd`).map(Number)) + 1)
    const others = await fill(port)
    const { advice, error } = await rig.log.until('submission.not-accepted')
    assert.match(String(advice), /LimitNOFILE/)
    assert.match(JSON.stringify(error), /EMFILE/)
    const content = `From: a@${DOMAIN}\r\n\r\nhello\r\n`
    const submission = { from: `a@${DOMAIN}`, to: 'in@one.example.com', content }
    assert.match(await before.submit(submission), /^250 /)
    await limit(pid, 4096)
    using after = await Client.ready(port)
    assert.match(await after.submit({ ...submission, to: 'after@two.example.net' }), /^250 /)
    const metrics = await (await fetch(`${monitoring}/metrics`)).text()
    assert.match(metrics, /^hikyaku_submission_not_accepted_total [1-9]/m)
    for (const other of others) other[Symbol.dispose]()
  })
})
