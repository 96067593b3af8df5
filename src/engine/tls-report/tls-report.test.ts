import assert from 'node:assert/strict'
import { gunzipSync, gzipSync } from 'node:zlib'
import { after, before, beforeEach, suite, test } from 'node:test'

import type { TlsTrial } from '#engine/egress'
import type { StsFound } from '#engine/transport-security'
import { formatMailbox } from '#grammar/address'
import { leavesOf } from '#grammar/message'
import { readTlsReport } from '#grammar/report'
import type { TlsReport } from '#grammar/report'
import type { Answer } from '#platform/dns'
import type { HttpAnswer, HttpRequest } from '#platform/http-client'
import { memoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { readReportFile } from './read.ts'
import { TlsReporter } from './reporter.ts'
import type { ReporterOptions } from './reporter.ts'
import { openTlsReportStore } from './store.ts'
import type { TlsReportStore } from './store.ts'
import { Tally } from './tally.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
/** Noon. */
const NOW = Date.UTC(2026, 10, 22, 12)
const DOMAIN = 'example.com'

const HOST = {
  host: 'mx.example.com',
  address: '192.0.2.1',
  from: '198.51.100.1',
  dane: { kind: 'none' },
} as const
const DANE = {
  kind: 'usable',
  base: 'mx.example.com',
  names: ['mx.example.com'],
  records: [{ usage: 3, selector: 1, matchingType: 1, data: Buffer.from('abcd', 'hex') }],
} as const

function sts(mode: 'enforce' | 'testing' | 'none', ...mx: readonly string[]): StsFound {
  const stored = { domain: DOMAIN, id: '1', text: '', fetchedAt: 0, expiresAt: 1 }
  return { kind: 'policy', id: '1', stored, policy: { mode, mx, maxAge: 1, lines: [`mode: ${mode}`] } }
}

function tallyOf(found?: StsFound): Tally {
  return new Tally({ sts: () => found, metrics: new MetricsRegistry(), now: () => NOW })
}

/** `policy result count` of each. */
function told(found: StsFound | undefined, ...trials: readonly TlsTrial[]): readonly string[] {
  const tally = tallyOf(found)
  tally.witness(DOMAIN, trials)
  return tally.take().map(({ policy, result, count }) => `${policy.type} ${result} ${count}`)
}

const EXPIRED = { fault: 'certificate-expired', text: 'expired' } as const
const STRIPPED = { fault: 'starttls-not-supported', text: 'not offered' } as const
const FORGED = { fault: 'tlsa-invalid', text: 'no match' } as const

test('a session counts for each policy it had to heed. RFC 8460 §4', () => {
  const good = sts('testing', 'mx.example.com')
  const cases: readonly (readonly [StsFound | undefined, TlsTrial, readonly string[]])[] = [
    [undefined, HOST, ['no-policy-found successful 1']],
    [undefined, { ...HOST, doubt: EXPIRED }, ['no-policy-found successful 1']],
    [undefined, { ...HOST, failure: STRIPPED }, ['no-policy-found starttls-not-supported 1']],
    [sts('none'), HOST, ['no-policy-found successful 1']],
    [good, HOST, ['sts successful 1']],
    [good, { ...HOST, doubt: EXPIRED }, ['sts certificate-expired 1']],
    [good, { ...HOST, failure: STRIPPED }, ['sts starttls-not-supported 1']],
    [sts('testing', 'other.example.com'), HOST, ['sts validation-failure 1']],
    [{ kind: 'failed', fault: 'sts-webpki-invalid', text: '' }, HOST, ['sts sts-webpki-invalid 1']],
    [undefined, { ...HOST, dane: DANE }, ['tlsa successful 1']],
    [undefined, { ...HOST, dane: DANE, failure: FORGED }, ['tlsa tlsa-invalid 1']],
    [good, { ...HOST, dane: DANE, failure: FORGED }, ['tlsa tlsa-invalid 1', 'sts successful 1']],
    [undefined, { ...HOST, failure: { fault: 'dane-required', text: '' } }, ['tlsa dane-required 1']],
  ]
  for (const [found, trial, expected] of cases) assert.deepEqual(told(found, trial), expected)
})

test('equal sessions are one with a count, and what was taken is gone', () => {
  const tally = tallyOf()
  for (let n = 0; n < 3; n += 1)
    tally.witness(DOMAIN, [HOST, { ...HOST, host: 'mx2.example.com' }, { ...HOST, failure: STRIPPED }])
  const taken = tally.take()
  assert.deepEqual(
    taken.map(({ result, count, host }) => [result, count, host]),
    [
      ['successful', 6, ''],
      ['starttls-not-supported', 3, 'mx.example.com'],
    ],
  )
  assert.deepEqual(tally.take(), [])
})

test('what is counted has an end, whatever receivers come up with', () => {
  const tally = tallyOf()
  for (let n = 0; n < 20_100; n += 1)
    tally.witness(DOMAIN, [{ ...HOST, failure: { ...STRIPPED, text: `${n}` } }])
  assert.equal(tally.take().length, 20_000)
})

test('hosts that an enforced policy does not name are told', () => {
  const tally = tallyOf(sts('enforce', 'other.example.com'))
  tally.outside(DOMAIN, ['mx1.example.com', 'mx2.example.com'])
  assert.deepEqual(
    tally.take().map(({ host, result }) => `${host} ${result}`),
    ['mx1.example.com validation-failure', 'mx2.example.com validation-failure'],
  )
})

type Mail = Parameters<ReporterOptions['submit']>[0]

/** A reporter on a clock of its own, with what it sent. */
class Bench {
  now = NOW
  record = 'v=TLSRPTv1; rua=mailto:tls@example.com'
  unsigned: string | undefined
  answer: HttpAnswer = { ok: true, status: 201, headers: new Map(), body: Buffer.alloc(0) }
  readonly mails: Mail[] = []
  readonly posts: HttpRequest[] = []
  readonly log = memoryLog()
  readonly reporter: TlsReporter

  constructor(store: TlsReportStore, random = 0) {
    this.reporter = new TlsReporter({
      store,
      dns: { query: (name: string) => Promise.resolve(this.#said(name)) } as never,
      http: {
        request: (request) => {
          this.posts.push(request)
          return Promise.resolve(this.answer)
        },
      },
      config: {
        organization: 'Example',
        contact: 'postmaster@sender.example',
        from: { local: 'tls-reports', domain: 'sender.example' },
        spread: 4 * HOUR,
        keep: 30 * DAY,
      },
      submitter: 'mx.sender.example',
      unsigned: () => Promise.resolve(this.unsigned),
      submit: (mail) => {
        this.mails.push(mail)
        return Promise.resolve()
      },
      log: this.log,
      metrics: new MetricsRegistry(),
      now: () => this.now,
      random: () => random,
      newId: () => `id${this.now}`,
    })
  }

  #said(name: string): Answer<'TXT'> {
    const records = name === `_smtp._tls.${DOMAIN}` ? [this.record] : []
    return { kind: 'records', name, authentic: false, records, expires: 0 }
  }

  async counted(): Promise<void> {
    const tally = tallyOf(sts('testing', 'mx.example.com'))
    tally.witness(DOMAIN, [HOST, HOST, { ...HOST, failure: STRIPPED }])
    tally.witness('unasked.example', [HOST])
    await this.reporter.keep(tally.take())
  }
}

function reportIn(bytes: Uint8Array): TlsReport {
  const [found] = readReportFile(bytes)
  assert.ok(found?.ok, found?.ok === false ? found.why : 'none')
  return found.report
}

for (const engine of ENGINES) {
  suite(`reports kept in ${engine}`, () => {
    let control: TestControl
    before(async () => void (control = await testControl(engine)))
    after(() => control[Symbol.asyncDispose]())
    beforeEach(async () => (await openTlsReportStore(control.open())).tidy(Number.MAX_SAFE_INTEGER))

    test('a day is counted over restarts, reported once it is over, and after its delay. RFC 8460 §4.1', async () => {
      const store = await openTlsReportStore(control.open())
      const bench = new Bench(store, 0.5)
      await bench.counted()
      await new Bench(await openTlsReportStore(control.open())).counted()
      await bench.reporter.turn()
      assert.deepEqual([(await store.list(10)).length, bench.mails.length], [0, 0], 'the day is not over')
      bench.now = NOW + DAY
      await bench.reporter.turn()
      const [waiting] = await store.list(10)
      assert.deepEqual(
        [waiting?.state, waiting?.domain, waiting?.due],
        ['waiting', DOMAIN, bench.now + 2 * HOUR],
      )
      bench.now += 2 * HOUR
      await bench.reporter.turn()
      await bench.reporter.turn()
      assert.equal(bench.mails.length, 1)
      const [mail] = bench.mails
      assert.equal(formatMailbox(mail?.to ?? assert.fail()), 'tls@example.com')
      const report = reportIn(mail?.bytes ?? Buffer.alloc(0))
      assert.deepEqual(
        [report.organization, new Date(report.from).toISOString(), new Date(report.until).toISOString()],
        ['Example', '2026-11-22T00:00:00.000Z', '2026-11-22T23:59:59.000Z'],
      )
      assert.deepEqual(report.policies, [
        {
          type: 'sts',
          domain: DOMAIN,
          strings: ['mode: testing'],
          mx: ['mx.example.com'],
          successes: 4,
          failures: 2,
          details: [
            {
              result: 'starttls-not-supported',
              count: 2,
              sendingAddress: '198.51.100.1',
              receivingHost: 'mx.example.com',
              receivingAddress: '192.0.2.1',
              reason: 'not offered',
            },
          ],
        },
      ])
      const [sent] = await store.list(10)
      assert.deepEqual(
        [sent?.state, sent?.deliveries],
        ['sent', [{ target: 'tls@example.com', ok: true, text: 'on its way' }]],
      )
      assert.deepEqual(await store.show(sent?.id ?? ''), sent)
      await store.tidy(bench.now + 1)
      assert.deepEqual(await store.list(10), [])
    })

    test('an https target is posted to, whatever its certificate; and again for a day when it fails. RFC 8460 §5.5', async () => {
      const store = await openTlsReportStore(control.open())
      const bench = new Bench(store)
      bench.record = 'v=TLSRPTv1; rua=https://example.com/report'
      bench.answer = { ok: true, status: 503, headers: new Map(), body: Buffer.alloc(0) }
      await bench.counted()
      bench.now = NOW + DAY
      await bench.reporter.turn()
      assert.equal(bench.posts.length, 1)
      const [post] = bench.posts
      assert.deepEqual(
        [post?.url, post?.anyCertificate, post?.headers?.['content-type']],
        ['https://example.com/report', true, 'application/tlsrpt+gzip'],
      )
      assert.ok(readTlsReport(gunzipSync(post?.body ?? Buffer.alloc(0)).toString()).ok)
      await bench.reporter.turn()
      assert.equal(bench.posts.length, 1, 'not before its time')
      for (let hour = 0; hour < 30; hour += 1) {
        bench.now += HOUR
        await bench.reporter.turn()
      }
      assert.equal(bench.posts.length, 25)
      const [report] = await store.list(10)
      assert.deepEqual([report?.state, report?.deliveries[0]?.text], ['failed', 'status 503'])
    })

    test('mail that cannot be signed is not sent, and says so. RFC 8460 §3', async () => {
      const store = await openTlsReportStore(control.open())
      const bench = new Bench(store)
      bench.unsigned = 'sender.example has no DKIM key'
      await bench.counted()
      bench.now = NOW + DAY
      await bench.reporter.turn()
      const [report] = await store.list(10)
      assert.deepEqual(
        [bench.mails.length, report?.state, report?.deliveries[0]?.text],
        [0, 'waiting', 'sender.example has no DKIM key'],
      )
    })

    test('a day that another node reports meanwhile is left to it', async () => {
      const shared = control.open()
      const [store, late] = [await openTlsReportStore(shared), await openTlsReportStore(shared)]
      const one = new Bench(store)
      const two = new Bench(late)
      await one.counted()
      one.now = NOW + DAY
      two.now = NOW + DAY + 1
      late.unreported = async (day, limit) => {
        const found = await store.unreported(day, limit)
        await one.reporter.turn()
        return found
      }
      await two.reporter.turn()
      assert.deepEqual([one.mails.length, two.mails.length], [1, 0])
      assert.equal((await store.list(10)).length, 1)
    })

    // SQLite has one node, and two connections of one thread would wait for each other.
    if (engine === 'postgres') {
      test('two nodes make and send one report', async () => {
        const [one, two] = [
          new Bench(await openTlsReportStore(control.open())),
          new Bench(await openTlsReportStore(control.open())),
        ]
        await one.counted()
        one.now = NOW + DAY
        two.now = NOW + DAY + 1
        await Promise.all([one.reporter.turn(), two.reporter.turn()])
        await Promise.all([one.reporter.turn(), two.reporter.turn()])
        assert.equal(one.mails.length + two.mails.length, 1)
      })
    }
  })
}

const JSON_REPORT = JSON.stringify({
  'organization-name': 'Example',
  'date-range': { 'start-datetime': '2026-11-21T00:00:00Z', 'end-datetime': '2026-11-21T23:59:59Z' },
  policies: [],
})

function mailWith(type: string, body: Buffer): string {
  return `From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: ${type}\nContent-Transfer-Encoding: base64\n\n${body.toString('base64')}\n--b--\n`
}

test('a report is found in JSON, in gzip, and in the mail that brought it', () => {
  const files = [
    Buffer.from(`\n ${JSON_REPORT}`),
    gzipSync(JSON_REPORT),
    Buffer.from(mailWith('application/tlsrpt+gzip', gzipSync(JSON_REPORT))),
    Buffer.from(mailWith('application/tlsrpt+json', Buffer.from(JSON_REPORT))),
    Buffer.from(mailWith('application/gzip', gzipSync(JSON_REPORT))),
  ]
  for (const file of files) assert.equal(reportIn(file).organization, 'Example')
  assert.deepEqual(
    leavesOf(Buffer.alloc(0), { depth: 1, parts: 1, headerBytes: 1 }, () => true),
    [],
  )
})

test('what is none, is damaged or swells beyond measure says so', () => {
  const bomb = gzipSync(Buffer.alloc(17 * 1024 * 1024, '{'))
  assert.ok(bomb.length < 100_000)
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [bomb, /octets when unpacked/],
    [Buffer.from(mailWith('application/tlsrpt+gzip', bomb)), /octets when unpacked/],
    [gzipSync(JSON_REPORT).subarray(0, 40), /damaged/],
    [Buffer.from('From: a\n\nhello\n'), /neither JSON nor/],
    [Buffer.alloc(0), /neither JSON nor/],
    [Buffer.from('{}'), /date-range/],
    [Buffer.alloc(32 * 1024 * 1024 + 1), /larger than/],
  ]
  for (const [file, expected] of cases) {
    const [found] = readReportFile(file)
    assert.match(found?.ok === false ? found.why : 'read', expected)
  }
})
