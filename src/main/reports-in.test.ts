import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

import type { ReportTaken } from '#engine/feedback'
import { formatTlsReport } from '#grammar/report'
import { memoryLog } from '#platform/log'
import type { Brought, ReportVerdict } from '#product/received-report'

import { dmarcXml } from '../grammar/report/dmarc-report.fixture.ts'

import { reportsIn } from './reports-in.ts'

type Rig = {
  readonly kept: Brought[]
  readonly events: () => readonly string[]
  comes(type: string, file: string): Promise<ReportTaken>
}

/** example.org is of acme; the node has bounce.example.net. */
function rig(verdict: ReportVerdict = 'kept'): Rig {
  const log = memoryLog()
  const kept: Brought[] = []
  const take = reportsIn({
    reports: {
      keep: async (_, brought) => {
        kept.push(brought)
        return verdict
      },
    },
    owners: { owner: async (domain) => (domain === 'example.org' ? 'acme' : undefined) },
    log,
    now: () => 7,
  })
  return {
    kept,
    events: () => log.lines.map(({ event }) => event),
    comes(type, file) {
      const content = gzipSync(file).toString('base64')
      const message = `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${content}\r\n`
      return take({
        bytes: Buffer.from(message),
        client: '192.0.2.25',
        sender: '<>',
        names: ['bounce.example.net'],
      })
    },
  }
}

function tls(...domains: readonly string[]): string {
  const policy = { type: 'sts', strings: [], mx: [], successes: 1, failures: 0, details: [] } as const
  const policies = domains.map((domain) => ({ ...policy, domain }))
  return formatTlsReport({ organization: 'R', contact: '', id: '1', from: 0, until: 1, policies })
}

test('a report is kept for the organization that has the domain, and for us where the name is ours', async () => {
  const brought = { receivedAt: 7, client: '192.0.2.25', sender: '<>' }
  const cases: readonly (readonly [string, Pick<Brought, 'organization' | 'domain'>])[] = [
    [dmarcXml(), { organization: 'acme', domain: 'example.org' }],
    [tls('Example.ORG'), { organization: 'acme', domain: 'example.org' }],
    // Of DANE the domain may be that of a mail host.
    [tls('mx.elsewhere.example', 'example.org'), { organization: 'acme', domain: 'example.org' }],
    [tls('bounce.example.net'), { organization: 'default', domain: 'bounce.example.net' }],
  ]
  for (const [file, expected] of cases) {
    const at = rig()
    assert.deepEqual(await at.comes('application/gzip', file), { kind: 'kept' })
    assert.deepEqual(at.kept, [{ ...brought, ...expected }])
    assert.deepEqual(at.events(), ['report.received'])
  }
})

test('a report about a domain that nobody has here is refused, and told of', async () => {
  const others = dmarcXml().replace('<domain>example.org', '<domain>example.net')
  for (const file of [others, tls('example.net'), tls()]) {
    const at = rig()
    const taken = await at.comes('application/gzip', file)
    assert.equal(taken.kind, 'foreign')
    assert.deepEqual([at.kept, at.events()], [[], ['report.refused']])
  }
})

test('what cannot be read is refused with why', async () => {
  const at = rig()
  const taken = await at.comes('application/gzip', '<feedback>')
  assert.deepEqual(taken, { kind: 'unreadable', why: 'the XML ends too early' })
  assert.deepEqual(at.events(), ['report.refused'])
})

test('what is there, and what is too much for a day, is said so', async () => {
  for (const verdict of ['repeated', 'too-many'] as const) {
    const at = rig(verdict)
    assert.deepEqual(await at.comes('application/gzip', dmarcXml()), { kind: verdict })
    assert.deepEqual(at.events(), [verdict === 'repeated' ? 'report.repeated' : 'report.refused'])
  }
})
