/** How a set of hosts is called: limits, statistics and connections belong to that name. */

import { hash } from 'node:crypto'

/** Longer names help nobody who reads a metric; 128 octets hold the MX sets of the large providers whole. */
const MAX_SITE = 128

/**
 * The sorted names, joined by commas; equal sets have equal names. A set too long to read shows its first names, how
 * many more there are, and eight hex digits that tell it from other sets.
 */
export function siteName(hosts: readonly string[]): string {
  const names = [...new Set(hosts)].toSorted()
  const whole = names.join(',')
  if (whole.length <= MAX_SITE) return whole
  const end = `#${hash('sha256', whole).slice(0, 8)}`
  let site = ''
  let shown = 0
  for (const name of names) {
    const more = `${site}${name},`
    if (more.length + '+999'.length + end.length > MAX_SITE) break
    site = more
    shown += 1
  }
  return `${site}+${names.length - shown}${end}`
}

/** Hosts of a static route that are used. */
export const MAX_HOSTS = 5

/** `host:port` tells the smart host's submission port from its relay port; credentials do not make another site. */
export function staticSite(to: readonly { readonly host: string; readonly port: number }[]): string {
  const hosts = to.slice(0, MAX_HOSTS)
  return siteName(hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`))
}
