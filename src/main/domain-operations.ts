/** What an operator does with domains: their records, whether the DNS has them, and their keys. */

import { REPORT_ADDRESSES } from '#engine/feedback'
import { isPrivate } from '#platform/address-range'
import type { Config } from '#platform/config'
import { Resolver } from '#platform/dns'
import type { Dns } from '#platform/dns'
import { createHttpClient } from '#platform/http-client'
import type { HttpClient } from '#platform/http-client'
import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'
import type { Accounts } from '#product/account'
import { openDomains } from '#product/domain'
import type { Domains, DomainView, Node } from '#product/domain'
import { OperationError } from '#product/operation'
import type { Operations } from '#product/operation'
import { checkKeys, verifyDomain } from '#product/verification'

import { ensureOrganization, ofAll, told } from './organizations.ts'

type DomainOperations = Pick<
  Operations,
  'domains' | 'domainAdd' | 'domainShow' | 'domainVerify' | 'dkimRotate' | 'dkimActivate'
>

export type DomainParts = {
  readonly config: Config
  readonly control: Control
  readonly key: ServerKey
  readonly now: () => number
}

export async function domainOperations(parts: DomainParts, accounts: Accounts): Promise<DomainOperations> {
  const { config, control, key, now } = parts
  const node = nodeOf(config)
  const domains = await openDomains(control, key, { now, node })
  const find = async (name: string): Promise<DomainView | undefined> => {
    const found = await ofAll(accounts, async (organization) => {
      const view = await domains.show(organization, name)
      return view === undefined ? [] : [view]
    })
    // Others may have claimed it; the one that has it verified is the one that it is.
    return found.find(({ domain }) => domain.verifiedAt !== undefined) ?? found[0]
  }
  return {
    domains: () => ofAll(accounts, (organization) => domains.list(organization)),
    async domainAdd({ name, organization }) {
      await ensureOrganization(accounts, organization)
      return told(() => domains.add({ name, organization, verified: true }))
    },
    domainShow: async ({ name }) => (await find(name)) ?? null,
    async domainVerify({ name }) {
      const view = await find(name)
      if (view === undefined) return null
      return asking(config, (dns) =>
        verifyDomain(dns, view, { node, sources: config.egress.sources, http: webOf(config, dns) }, now()),
      )
    },
    async dkimRotate({ name }) {
      const view = await find(name)
      return view === undefined ? null : ((await domains.rotate(view.domain.organization, name)) ?? null)
    },
    async dkimActivate({ name, force }) {
      const view = await find(name)
      if (view === undefined) return null
      if (!force) await asking(config, (dns) => refuseUnpublished(dns, view, now()))
      return activate(domains, view)
    },
  }
}

function nodeOf({ node, queue, listeners }: Pick<Config, 'node' | 'queue' | 'listeners'>): Node {
  const { returnPathDomain } = queue
  return {
    name: node.name,
    ...(returnPathDomain === undefined ? {} : { returnPathDomain }),
    ...(listeners.some(({ kind }) => kind === 'mx') ? { reports: REPORT_ADDRESSES } : {}),
  }
}

function webOf(config: Config, dns: Dns): HttpClient {
  const { allowPrivate } = config.egress
  return createHttpClient({
    dns,
    isForbidden: allowPrivate ? () => false : isPrivate,
    port: config.transportSecurity.mtaStsPort,
    userAgent: 'hikyaku',
  })
}

/** With a resolver that remembers nothing: whoever asks has just published something. */
async function asking<T>({ dns }: Config, ask: (resolver: Dns) => Promise<T>): Promise<T> {
  using resolver = new Resolver({ config: dns, now: () => performance.now() })
  return await ask(resolver)
}

function waiting({ keys }: DomainView): DomainView['keys'] {
  return keys.filter(({ state }) => state === 'published')
}

async function activate(domains: Domains, view: DomainView): Promise<DomainView | null> {
  const { organization, name } = view.domain
  const selectors = waiting(view).map(({ selector }) => selector)
  return (await told(() => domains.activate(organization, name, selectors))) ?? null
}

/** A signature whose key nobody finds is worth nothing: the old key signs until the new one can be found. */
async function refuseUnpublished(dns: Dns, view: DomainView, now: number): Promise<void> {
  const findings = await checkKeys(dns, waiting(view), now)
  const bad = findings.filter(({ level }) => level !== 'ok')
  if (bad.length === 0) return
  const reasons = bad.map(({ text }) => `\n  ${text}`).join('')
  throw new OperationError('refused', `the old keys go on signing, because of the new ones:${reasons}`)
}
