/**
 * Each day, for each domain that wants one, a report of what came of TLS on the day before. Asked to go on from time
 * to time; keeps no time of its own. RFC 8460 §5
 */

import { gzipSync } from 'node:zlib'

import { composeTlsReport, formatTlsReport, parseTlsReportRecord, readTlsReport } from '#grammar/report'
import type { ReportTarget } from '#grammar/report'
import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { ExpiringCache } from '#platform/dns'
import type { Dns } from '#platform/dns'
import type { HttpClient } from '#platform/http-client'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'

import { buildReport } from './build.ts'
import { TLS_REPORT_METRICS } from './metrics.ts'
import type { Delivery, StoredReport, Subject, TlsReportStore } from './store.ts'
import type { Counted } from './tally.ts'

export type ReporterOptions = {
  readonly store: TlsReportStore
  readonly dns: Pick<Dns, 'query'>
  readonly http: HttpClient
  /** May be a getter. */
  readonly config: {
    readonly organization: string
    readonly contact: string
    /** Who reports come from. */
    readonly from: Mailbox
    /** Milliseconds over which the reports of one day are spread. */
    readonly spread: number
    /** Milliseconds for which reports are kept. */
    readonly keep: number
  }
  /** This node. */
  readonly submitter: string
  /** Why mail from this domain cannot be signed; `undefined` when it can. */
  readonly unsigned: (domain: string) => Promise<string | undefined>
  /** Puts a message on its way. @throws when it cannot be kept */
  readonly submit: (message: {
    readonly from: Mailbox
    readonly to: Mailbox
    readonly bytes: Buffer
  }) => Promise<void>
  readonly log: Log
  readonly metrics: MetricsRegistry
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  /** Unique, of letters and digits. */
  readonly newId: () => string
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Domains, and reports, of one turn. */
const AT_ONCE = 500
/** Names asked for, and reports sent, at a time. */
const WIDTH = 20
/** How long an HTTPS server may take, in ms, and what is read of its answer. */
const POST = { timeout: 60_000, most: 64 * 1024 } as const

export class TlsReporter {
  readonly #options: ReporterOptions
  readonly #count: (labels: { result: string }) => { add(): void }
  /** Whether a domain wants reports, on the clock of the day. */
  readonly #wanted = new ExpiringCache<{ readonly expires: number; readonly isWanted: boolean }>(100_000)

  constructor(options: ReporterOptions) {
    this.#options = options
    this.#count = options.metrics.register(TLS_REPORT_METRICS).reports
  }

  /** Writes down what was counted for the domains that want to hear of it. */
  async keep(counted: readonly Counted[]): Promise<void> {
    const domains = [...new Set(counted.map(({ domain }) => domain))]
    const wanted = new Set<string>()
    await each(domains, async (domain) => {
      if (await this.#isWanted(domain)) wanted.add(domain)
    })
    const kept = counted.filter(({ domain }) => wanted.has(domain))
    if (kept.length > 0) await this.#options.store.add(kept)
  }

  /** Makes the reports of the days that are over, sends those whose time has come, and forgets the old. */
  async turn(): Promise<void> {
    const { store, now, config } = this.#options
    const today = new Date(now()).toISOString().slice(0, 10)
    const subjects = await store.unreported(today, AT_ONCE)
    await each(subjects, (subject) => this.#make(subject))
    await each(await store.due(now(), AT_ONCE), (report) => this.#send(report))
    await store.tidy(now() - config.keep)
  }

  async #isWanted(domain: string): Promise<boolean> {
    const { now } = this.#options
    const known = this.#wanted.get(domain, now())
    if (known !== undefined) return known.isWanted
    const isWanted = (await this.#targets(domain)).length > 0
    this.#wanted.set(domain, { expires: now() + HOUR, isWanted })
    return isWanted
  }

  async #targets(domain: string): Promise<readonly ReportTarget[]> {
    const answer = await this.#options.dns.query(`_smtp._tls.${domain}`, 'TXT')
    const record = parseTlsReportRecord(answer.kind === 'records' ? answer.records : [])
    return record.kind === 'record' ? record.targets : []
  }

  async #make(subject: Subject): Promise<void> {
    const { store, config, submitter, now, random, newId } = this.#options
    const { organization, contact, spread } = config
    const counted = await store.counted(subject)
    // Another node has made its report since it was asked for.
    if (counted.length === 0) return
    const id = `${subject.day.replaceAll('-', '')}.${newId()}@${submitter}`
    const report = buildReport(id, counted, { organization, contact })
    const at = now()
    await store.close(subject, {
      ...subject,
      id,
      json: formatTlsReport(report),
      state: 'waiting',
      createdAt: at,
      // Spread, so that not every server of the Internet reports at midnight.
      due: at + Math.floor(random() * spread),
      deliveries: [],
    })
  }

  async #send(report: StoredReport): Promise<void> {
    const { store, log, now } = this.#options
    const { id, domain } = report
    const due = now() + HOUR
    if (!(await store.claim(report, due))) return
    const targets = await this.#targets(domain)
    const compressed = gzipSync(report.json)
    const deliveries: Delivery[] = []
    for (const target of targets) deliveries.push(await this.#deliver(report, target, compressed))
    // RFC 8460 §3: one of them is enough, and §5.5: it is tried again for a day.
    const isSent = deliveries.some(({ ok }) => ok)
    const isOver = now() - report.createdAt >= DAY
    if (isSent) log.info('tlsrpt.sent', { report: id, domain, deliveries })
    else log.warn('tlsrpt.not-sent', { report: id, domain, deliveries, again: !isOver })
    const state = isSent ? 'sent' : isOver ? 'failed' : 'waiting'
    if (state !== 'waiting') this.#count({ result: state }).add()
    await store.update({ ...report, state, due, deliveries })
  }

  async #deliver(report: StoredReport, target: ReportTarget, compressed: Buffer): Promise<Delivery> {
    if (target.kind === 'https') return await this.#post(target.url, compressed)
    const to = formatMailbox(target.to)
    try {
      const text = await this.#mail(report, target.to, compressed)
      return { target: to, ok: text === undefined, text: text ?? 'on its way' }
    } catch (error) {
      return { target: to, ok: false, text: error instanceof Error ? error.message : String(error) }
    }
  }

  /** Why not, or `undefined`. */
  async #mail(report: StoredReport, to: Mailbox, compressed: Buffer): Promise<string | undefined> {
    const { config, submitter, submit, unsigned, now } = this.#options
    // RFC 8460 §3: a report without a signature must be ignored, so there is no use in sending one.
    const why = await unsigned(config.from.domain)
    if (why !== undefined) return why
    const read = readTlsReport(report.json)
    if (!read.ok) return read.why
    const bytes = composeTlsReport({
      report: read.report,
      domain: report.domain,
      submitter,
      compressed,
      from: formatMailbox(config.from),
      to: formatMailbox(to),
      messageId: `<${report.id}>`,
      now: now(),
    })
    await submit({ from: config.from, to, bytes })
    return undefined
  }

  async #post(url: string, compressed: Buffer): Promise<Delivery> {
    const answer = await this.#options.http.request({
      url,
      method: 'POST',
      headers: { 'content-type': 'application/tlsrpt+gzip' },
      body: compressed,
      // RFC 8460 §3: whose certificate has expired is whom the report is for.
      anyCertificate: true,
      ...POST,
    })
    if (!answer.ok) return { target: url, ok: false, text: answer.text }
    return { target: url, ok: answer.status >= 200 && answer.status < 300, text: `status ${answer.status}` }
  }
}

/** A few at a time. */
async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const worker = async (): Promise<void> => {
    for (const item of rest) await act(item)
  }
  await Promise.all(Array.from({ length: Math.min(WIDTH, items.length) }, worker))
}
