/** The names that mail comes to this node by, and who reads what is written to their postmaster. */

import type { Config } from './config.ts'

type Named = Pick<Config, 'node' | 'queue' | 'egress'>

/** In lower case: its own, that of its return paths, and those it greets others by. */
export function ownNames({ node, queue, egress }: Named): ReadonlySet<string> {
  const all = [node.name, ...egress.sources.map(({ ehlo }) => ehlo), queue.returnPathDomain]
  return new Set(all.flatMap((name) => name?.toLowerCase() ?? []))
}

/** Addresses, none of them at a name of this node; empty: what comes is kept. */
export function postmasterReaders(config: Named & Pick<Config, 'incoming'>): readonly string[] {
  const { incoming, queue } = config
  const readers = incoming.postmaster.length > 0 ? incoming.postmaster : [queue.postmaster]
  return readers.filter((address) => !isOwn(config, address))
}

export function isOwn(config: Named, address: string): boolean {
  return ownNames(config).has(address.slice(address.lastIndexOf('@') + 1).toLowerCase())
}
