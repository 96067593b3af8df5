/** The replies of our own making when there is no route. They go into DSNs: a postmaster must understand them. */

import type { NoRoute } from './route.ts'

function bounced(code: number, enhanced: string, text: string): NoRoute {
  return { ok: false, kind: 'bounced', code, enhanced, text }
}

/** RFC 3463 §3.5, X.4.3: directory server failure. */
export function lookupFailed(name: string, why: string): NoRoute {
  const text = `DNS lookup of ${name} failed: ${why}`
  return { ok: false, kind: 'deferred', code: 451, enhanced: '4.4.3', text }
}

/** RFC 3463 §3.2, X.1.2: bad destination system address. */
export function noSuchDomain(domain: string): NoRoute {
  return bounced(550, '5.1.2', `The domain ${domain} does not exist`)
}

/** RFC 7505 §4.1 */
export function acceptsNoMail(domain: string): NoRoute {
  return bounced(556, '5.1.10', `The domain ${domain} accepts no mail (null MX)`)
}

/** RFC 3463 §3.5, X.4.4: unable to route. */
export function noHost(domain: string): NoRoute {
  return bounced(550, '5.4.4', `The domain ${domain} has neither a usable MX nor an address`)
}

export function noAddress(host: string): NoRoute {
  return bounced(550, '5.4.4', `The mail host ${host} has no address`)
}

export function privateAddress(host: string, address: string): NoRoute {
  return bounced(550, '5.4.4', `The mail host ${host} has the private or special address ${address}`)
}

/** RFC 8461 §5: never final, for the policy or the MX may be mended. RFC 3463 §3.8, X.7.0: security or policy. */
export function outsidePolicy(domain: string, hosts: readonly string[], mx: readonly string[]): NoRoute {
  const has = `The MTA-STS policy of ${domain} (mode enforce) allows ${mx.slice(0, 5).join(', ')}`
  const text = `${has}${mx.length > 5 ? ', …' : ''}, but its MX is ${hosts.slice(0, 5).join(', ')}`
  return { ok: false, kind: 'deferred', code: 451, enhanced: '4.7.0', text }
}

/** RFC 7672 §6: whoever forges an unsigned MX names a host of his own, with TLSA records of his own. */
export function unsignedMx(domain: string): NoRoute {
  const text = `DANE is required for ${domain}, and no trusted resolver vouches for its MX (DNSSEC)`
  return { ok: false, kind: 'deferred', code: 451, enhanced: '4.7.0', text }
}

/** RFC 3463 §3.5, X.4.6: routing loop detected. */
export function loopsBack(name: string): NoRoute {
  return bounced(554, '5.4.6', `Mail for ${name} loops back to this host`)
}
