/** Return paths below the author's domain: used while the DNS leads there to us, and taken back from there. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { DnsServer } from '#platform/dns'

import { Client } from './client.ts'
import { owner } from './people.ts'
import type { Person } from './people.ts'
import { DOMAIN, Rig } from './rig.ts'

const OURS = 'bounce.hikyaku.test'
const THEIRS = `hk-bounce.${DOMAIN}`

suite('return paths below the domain of the author', () => {
  let dns: DnsServer
  let rig: Rig
  let operator: Person
  before(async () => {
    dns = await DnsServer.on({
      answer: ({ name: asked, type }) => {
        const name = asked.toLowerCase()
        const record = { name, ttl: 60 } as const
        if (name === THEIRS) return { kind: 'records', records: [{ ...record, type: 'CNAME', data: OURS }] }
        if (type === 'MX')
          return {
            kind: 'records',
            records: [{ ...record, type, data: { preference: 10, exchange: 'mx.sandbox.test' } }],
          }
        if (type === 'A') return { kind: 'records', records: [{ ...record, type, data: '127.0.0.1' }] }
        return { kind: 'nodata' }
      },
    })
    rig = await Rig.start({
      dns: dns.endpoint,
      sections: {
        queue: `return_path_domain = "${OURS}"`,
        'listeners.mx': 'address = "127.0.0.1"\nport = 0\nkind = "mx"',
      },
    })
    operator = await owner(rig)
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
    await dns[Symbol.asyncDispose]()
  })

  async function returnPathOf(to: string): Promise<string> {
    const { status } = await operator.post('/v1/messages', {
      from: `shop@${DOMAIN}`,
      to,
      subject: 'x',
      text: 'x',
    })
    assert.equal(status, 202)
    const { from } = (await rig.delivered(to)).envelope
    return from === null ? '<>' : `${from.local}@${from.domain}`
  }

  test('the name is asked for, found, used, and mail to it is ours', async () => {
    assert.match(await returnPathOf('before@example.com'), new RegExp(`^b-.*@${OURS}$`))
    const { body } = await operator.post(`/v1/domains/${DOMAIN}/verify`, {})
    const records = body['records'] as { name: string; type: string; value: string; status: string }[]
    const asked = records.find(({ name }) => name === THEIRS)
    assert.deepEqual([asked?.type, asked?.value, asked?.status], ['CNAME', OURS, 'ok'])
    let path = ''
    // Threads learn of it within ten seconds.
    for (let i = 0; i < 60 && !path.endsWith(THEIRS); i += 1) {
      path = await returnPathOf(`after-${i}@example.com`)
      await new Promise((resolve) => void setTimeout(resolve, 250))
    }
    assert.match(path, new RegExp(`^b-.*@${THEIRS}$`))
    using client = await Client.ready(rig.node.port('mx'))
    const report = 'Content-Type: text/plain\r\nSubject: Undelivered\r\n\r\nmoved\r\n'
    assert.match(await client.submit({ from: '', to: path, content: report }), /^250 2\.0\.0/)
  })
})
