/** Looks into the DNS of domains: of those whose time has come, and of one that somebody asks about. */

import { REPORT_ADDRESSES } from '#engine/feedback'
import type { NewEvent, Spool } from '#engine/spool'
import type { Config } from '#platform/config'
import { Resolver } from '#platform/dns'
import type { Dns } from '#platform/dns'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'
import { DOMAIN_METRICS, openDomains } from '#product/domain'
import type { DomainChange, Domains, DomainView, Node } from '#product/domain'
import { lookAt } from '#product/verification'

import { trackingName } from './offered.ts'
import { monotonic } from './security.ts'

export type DomainParts = {
  readonly config: Config
  readonly control: Control
  readonly key: ServerKey
  readonly now: () => number
}

export function domainsOf({ config, control, key, now }: DomainParts): Promise<Domains> {
  const checks = { every: config.domains.checkEvery, random: Math.random }
  return openDomains(control, key, { now, node: nodeOf(config), checks })
}

/** With a resolver that remembers nothing: whoever asks has just published something. */
export async function asking<T>({ dns }: Config, ask: (resolver: Dns) => Promise<T>): Promise<T> {
  using resolver = new Resolver({ config: dns, now: monotonic })
  return await ask(resolver)
}

/** Looks at one domain and keeps what it finds. */
export async function lookNow(
  { domains, config }: { readonly domains: Domains; readonly config: Config },
  dns: Dns,
  view: DomainView,
): Promise<readonly DomainChange[]> {
  const { sources } = config.egress
  return await domains.settle(view.domain, await lookAt(dns, view, { node: nodeOf(config), sources }))
}

export function nodeOf(config: Config): Node {
  const { node, queue, listeners, domains } = config
  const { returnPathDomain } = queue
  const { spfInclude } = domains
  return {
    name: node.name,
    ...(returnPathDomain === undefined ? {} : { returnPathDomain }),
    ...(spfInclude === undefined ? {} : { spfInclude }),
    trackingOf: (domain) => trackingName(config, domain),
    ...(listeners.some(({ kind }) => kind === 'mx') ? { reports: REPORT_ADDRESSES } : {}),
  }
}

export type WatchParts = DomainParts & {
  readonly spool: Pick<Spool, 'append'>
  readonly log: Log
  readonly metrics: MetricsRegistry
}

export type DomainWatch = AsyncDisposable & {
  readonly domains: Domains
  /** Looks at one domain at once, and tells what changed. */
  readonly look: (view: DomainView) => Promise<readonly DomainChange[]>
}

/** Milliseconds between rounds, and domains of a round: some hundred a minute, however many are due. */
const EVERY = 15_000
const AT_ONCE = 40
/** Domains that are looked at at the same time: each is some 20 questions. */
const TOGETHER = 4

/** Until it is disposed of. */
export async function watchDomains(parts: WatchParts): Promise<DomainWatch> {
  const { config, log } = parts
  const domains = await domainsOf(parts)
  const tell = telling(parts)
  const looked = async (dns: Dns, view: DomainView): Promise<readonly DomainChange[]> => {
    const changes = await lookNow({ domains, config }, dns, view)
    tell(changes)
    return changes
  }
  const ended = new AbortController()
  const round = async (): Promise<void> => {
    try {
      const due = [...(await domains.claimDue(AT_ONCE))]
      if (due.length > 0)
        await asking(config, (dns) => together(due, ended.signal, (view) => looked(dns, view)))
    } catch (cause) {
      if (!ended.signal.aborted) log.error('domain.looks-failed', { cause })
    }
  }
  let going = round()
  const timer = setInterval(() => void (going = going.then(round)), EVERY).unref()
  return {
    domains,
    look: (view) => asking(config, (dns) => looked(dns, view)),
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      ended.abort()
      await going
    },
  }
}

/** Takes what is left from `views`, a few at the same time. */
async function together(
  views: DomainView[],
  signal: AbortSignal,
  act: (view: DomainView) => Promise<unknown>,
): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let view = views.pop(); view !== undefined && !signal.aborted; view = views.pop()) await act(view)
  }
  await Promise.all(Array.from({ length: TOGETHER }, worker))
}

function telling({ log, metrics, spool, now }: WatchParts): (changes: readonly DomainChange[]) => void {
  const { looks, changes: counted } = metrics.register(DOMAIN_METRICS)
  return (changes) => {
    looks.add()
    for (const change of changes) {
      counted({ change: change.kind }).add()
      logChange(log, change)
      spool.append(eventOf(change, now())).catch((cause: unknown) => {
        log.warn('event.lost', { kind: 'domain-status', cause })
      })
    }
  }
}

function logChange(log: Log, { kind, organization, name, records }: DomainChange): void {
  const fields = { domain: name, organization }
  switch (kind) {
    case 'verified':
      return log.info('domain.verified', fields)
    case 'recovered':
      return log.info('domain.recovered', fields)
    case 'lost':
      return log.warn('domain.lost', fields)
    case 'refused':
      return log.warn('domain.refused', fields)
    case 'broken':
      return log.warn('domain.broken', { ...fields, records })
  }
}

const WORDS: Record<DomainChange['kind'], string> = {
  verified: 'its owner is known: mail may be sent from it',
  lost: 'another organization has shown that it is its own',
  refused: 'it belongs to another organization, which shows it as well',
  broken: 'records that receivers need are missing or wrong',
  recovered: 'all records that receivers need are there again',
}

function eventOf({ kind, organization, name, records }: DomainChange, at: number): NewEvent {
  const data = { domain: name, change: kind, ...(records.length > 0 && { records: records.join(', ') }) }
  return { kind: 'domain-status', at, organization, reason: `${name}: ${WORDS[kind]}`, data }
}
