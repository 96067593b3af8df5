/** What an operator does with domains: their records, whether the DNS has them, and their keys. */

import { isPrivate } from '#platform/address-range'
import type { Config } from '#platform/config'
import type { Dns } from '#platform/dns'
import { createHttpClient } from '#platform/http-client'
import type { HttpClient } from '#platform/http-client'
import type { Accounts } from '#product/account'
import type { DomainChange, Domains, DomainView } from '#product/domain'
import { OperationError } from '#product/operation'
import type { Operations } from '#product/operation'
import { checkKeys, verifyDomain } from '#product/verification'

import { asking, domainsOf, lookNow, nodeOf } from './domain-looks.ts'
import type { DomainParts } from './domain-looks.ts'
import { ensureOrganization, ofAll, told } from './organizations.ts'

type DomainOperations = Pick<
  Operations,
  'domains' | 'domainAdd' | 'domainRemove' | 'domainShow' | 'domainVerify' | 'dkimRotate' | 'dkimActivate'
>

export type DomainOperationParts = DomainParts & {
  /** Of a running node, which tells what changed. */
  readonly running?: { readonly look: (view: DomainView) => Promise<readonly DomainChange[]> }
}

export async function domainOperations(
  parts: DomainOperationParts,
  accounts: Accounts,
): Promise<DomainOperations> {
  const { config, now } = parts
  const node = nodeOf(config)
  const domains = await domainsOf(parts)
  const lookAlone = (view: DomainView): Promise<readonly DomainChange[]> =>
    asking(config, (dns) => lookNow({ domains, config }, dns, view))
  const look = parts.running?.look ?? lookAlone
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
    async domainRemove({ name, organization }) {
      const view = organization === undefined ? await find(name) : await domains.show(organization, name)
      return view === undefined ? null : ((await domains.remove(view.domain.organization, name)) ?? null)
    },
    domainShow: async ({ name }) => (await find(name)) ?? null,
    async domainVerify({ name }) {
      const view = await find(name)
      if (view === undefined) return null
      const [found] = await Promise.all([
        asking(config, (dns) =>
          verifyDomain(dns, view, { node, sources: config.egress.sources, http: webOf(config, dns) }, now()),
        ),
        look(view),
      ])
      return found
    },
    async dkimRotate({ name }) {
      const view = await find(name)
      return view === undefined ? null : ((await domains.rotate(view.domain.organization, name)) ?? null)
    },
    async dkimActivate({ name, force }) {
      const view = await find(name)
      if (view === undefined) return null
      return activateKeys({ domains, config, now }, view, force)
    },
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

function waiting({ keys }: DomainView): DomainView['keys'] {
  return keys.filter(({ state }) => state === 'published')
}

export type Activating = { readonly domains: Domains; readonly config: Config; readonly now: () => number }

/**
 * The keys that wait sign from now on.
 * @throws {OperationError} `refused` when the DNS does not show them all, unless `force`; `invalid` when none waits
 */
export async function activateKeys(
  { domains, config, now }: Activating,
  view: DomainView,
  force: boolean,
): Promise<DomainView | null> {
  if (!force) await asking(config, (dns) => refuseUnpublished(dns, view, now()))
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
