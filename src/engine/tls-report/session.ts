/** From a try at TLS to what a report says of it: whose policy it was about, and whether that was kept. RFC 8460 §4 */

import { formatTlsa } from '#engine/transport-security'
import type { StsFound } from '#engine/transport-security'
import type { TlsTrial } from '#engine/egress'
import { matchesMx } from '#grammar/mta-sts'
import type { StsPolicy } from '#grammar/mta-sts'
import type { TlsReportPolicy, TlsResult } from '#grammar/report'

export type Policy = Pick<TlsReportPolicy, 'type' | 'domain' | 'strings' | 'mx'>

/** One session under one policy. */
export type Session = {
  readonly policy: Policy
  readonly result: TlsResult | 'successful'
  readonly trial?: Pick<TlsTrial, 'from' | 'host' | 'address'>
  /** Why it failed, for people. */
  readonly text?: string
}

/** At least one: a session that had DANE and MTA-STS to heed counts for both. */
export function sessionsOf(domain: string, trial: TlsTrial, sts: StsFound | undefined): readonly Session[] {
  const sessions = [ofDane(trial), ofSts(domain, trial, sts)].filter((one) => one !== undefined)
  if (sessions.length > 0) return sessions
  return [
    { policy: { type: 'no-policy-found', domain, strings: [], mx: [] }, trial, ...endOf(trial.failure) },
  ]
}

/** RFC 8460 §1.1: the domain of such a policy is that of the TLSA records. */
function ofDane(trial: TlsTrial): Session | undefined {
  const { dane, failure, host } = trial
  if (dane.kind === 'none' && failure?.fault !== 'dane-required') return undefined
  const strings = dane.kind === 'usable' || dane.kind === 'unusable' ? dane.records.map(formatTlsa) : []
  const base = dane.kind === 'none' ? host : dane.base
  return { policy: { type: 'tlsa', domain: base, strings, mx: [host] }, trial, ...endOf(failure) }
}

function ofSts(domain: string, trial: TlsTrial, sts: StsFound | undefined): Session | undefined {
  if (sts === undefined || sts.kind === 'none') return undefined
  if (sts.kind === 'failed') return { ...unfetched(domain, sts), trial }
  if (sts.policy.mode === 'none') return undefined
  const policy = stsPolicy(domain, sts.policy)
  if (!matchesMx(sts.policy.mx, trial.host)) return { policy, trial, ...NOT_NAMED }
  // What only DANE finds wrong is nothing to MTA-STS.
  const isDane = trial.failure !== undefined && DANE_ONLY.has(trial.failure.fault)
  return { policy, trial, ...endOf((isDane ? undefined : trial.failure) ?? trial.doubt) }
}

const DANE_ONLY: ReadonlySet<string> = new Set(['tlsa-invalid', 'dnssec-invalid', 'dane-required'])

const NOT_NAMED = { result: 'validation-failure', text: 'the policy does not name this MX' } as const

export function stsPolicy(domain: string, { lines, mx }: StsPolicy): Policy {
  return { type: 'sts', domain, strings: lines, mx }
}

/** Hosts that got no session because the enforced policy names none of them. */
export function outside(domain: string, hosts: readonly string[], policy: StsPolicy): readonly Session[] {
  return hosts.map((host) => ({
    policy: stsPolicy(domain, policy),
    trial: { from: '', host, address: '' },
    ...NOT_NAMED,
  }))
}

function unfetched(domain: string, { fault, text }: Extract<StsFound, { kind: 'failed' }>): Session {
  return { policy: { type: 'sts', domain, strings: [], mx: [] }, result: fault, text }
}

function endOf(failure: TlsTrial['failure']): Pick<Session, 'result' | 'text'> {
  return failure === undefined ? { result: 'successful' } : { result: failure.fault, text: failure.text }
}
