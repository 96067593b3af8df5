/** What holds for received reports on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import type { DmarcReport, TlsReport } from '#grammar/report'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { openReceivedReports } from './index.ts'
import type { Brought, ReceivedReports, ReportRow } from './index.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 22)

function dmarc(id: string, domain = 'example.org', day = 1): DmarcReport {
  const record = { source: '192.0.2.1', disposition: 'none', reasons: [], headerFrom: domain } as const
  const rest = { ...record, signatures: [], senders: [] }
  return {
    organization: 'Receiver Ltd.',
    contact: '',
    id,
    from: NOW - (day + 1) * DAY,
    until: NOW - day * DAY,
    domain,
    policy: { p: 'none', adkim: 'r', aspf: 'r', pct: '100' },
    records: [
      { ...rest, count: 10, dkim: 'pass', spf: 'fail' },
      { ...rest, count: 4, dkim: 'fail', spf: 'pass' },
      { ...rest, count: 3, dkim: 'fail', spf: 'fail' },
    ],
  }
}

const TLS: TlsReport = {
  organization: 'Receiver Ltd.',
  contact: '',
  id: '1',
  from: NOW - DAY,
  until: NOW,
  policies: [
    { type: 'sts', domain: 'example.org', strings: [], mx: [], successes: 41, failures: 1, details: [] },
  ],
}

function from(domain: string, receivedAt = NOW): Brought {
  return { organization: 'acme', domain, receivedAt, client: '192.0.2.25', sender: 'r@receiver.example' }
}

function names(rows: readonly ReportRow[]): readonly string[] {
  return rows.map(({ report }) => report)
}

for (const engine of ENGINES) {
  suite(`received reports on ${engine}`, () => {
    let control: TestControl
    before(async () => {
      control = await testControl(engine)
    })
    after(() => control[Symbol.asyncDispose]())

    const open = (reports = 10, octets = 1e6): Promise<ReceivedReports> =>
      openReceivedReports(control.open(), { reports, octets })

    test('each is kept once, listed by domain with those below it, shown whole, and forgotten in time', async () => {
      const reports = await open()
      const keep = (report: DmarcReport): Promise<string> =>
        reports.keep({ kind: 'dmarc', report }, from(report.domain))
      assert.equal(await keep(dmarc('old', 'one.example', 3)), 'kept')
      assert.equal(await keep(dmarc('new', 'one.example')), 'kept')
      assert.equal(await keep(dmarc('new', 'one.example')), 'repeated')
      assert.equal(await keep(dmarc('below', 'news.one.example', 2)), 'kept')
      assert.equal(await keep(dmarc('other', 'someone.example')), 'kept')
      const tls = { ...TLS, id: 'tls' }
      assert.equal(await reports.keep({ kind: 'tls', report: tls }, from('one.example')), 'kept')
      const all = await reports.list({ domain: 'one.example', limit: 10 })
      assert.deepEqual(names(all), ['tls', 'new', 'below', 'old'])
      const page = { domain: 'one.example', limit: 2 } as const
      assert.deepEqual(names(await reports.list({ ...page, before: all[1]?.id ?? '' })), ['below', 'old'])
      assert.deepEqual(names(await reports.list({ ...page, kind: 'tls' })), ['tls'])
      assert.deepEqual(
        all.slice(0, 2).map(({ good, bad }) => [good, bad]),
        [
          [41, 1],
          [14, 3],
        ],
      )
      const shown = await reports.show(all[1]?.id ?? '')
      assert.deepEqual(shown?.report, dmarc('new', 'one.example'))
      assert.deepEqual([shown.row.client, shown.row.organization], ['192.0.2.25', 'acme'])
      assert.equal(await reports.show('none'), undefined)
      assert.equal(await reports.tidy(NOW), 0)
      assert.equal(await reports.tidy(NOW + 1), 5)
    })

    test('no more is taken of one domain within a day than all who report would send', async () => {
      const few = await open(2)
      const then = NOW + 100 * DAY
      const keep = (id: string, at = then, of = few): Promise<string> =>
        of.keep({ kind: 'dmarc', report: dmarc(id, 'two.example') }, from('two.example', at))
      assert.deepEqual([await keep('a'), await keep('b'), await keep('c')], ['kept', 'kept', 'too-many'])
      assert.equal(await keep('b'), 'repeated')
      assert.equal(await keep('c', then + DAY + 1), 'kept')
      const small = await open(10, 1_000)
      assert.equal(await keep('d', then + 3 * DAY, small), 'kept')
      assert.equal(await keep('e', then + 3 * DAY, small), 'too-many')
    })
  })
}
