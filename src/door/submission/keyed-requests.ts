/** Requests that a client calls by a key: each is done once, and whoever asks again hears what became of it. */

import type { Spool } from '#engine/spool'

import type { HandedIn, SkippedRecipient } from './handed-in.ts'

export type RequestKey = {
  readonly organization: string
  /** Without line breaks. */
  readonly key: string
  readonly digest: string
}

export type KeyedRequests = {
  /**
   * Hands in by `take`, which keeps the key with the message, unless that was done: then what came of it, as `again`.
   * Rejects as the spool does when nobody can tell.
   */
  once(request: RequestKey, take: () => Promise<HandedIn>): Promise<HandedIn>
}

type UnderWay = { readonly digest: string; readonly handed: Promise<HandedIn> }

export function keyedRequests({ keys }: Pick<Spool, 'keys'>): KeyedRequests {
  const underWay = new Map<string, UnderWay>()

  async function earlier({ organization, key, digest }: RequestKey): Promise<HandedIn | undefined> {
    const kept = await keys.kept(organization, key)
    if (kept === undefined) return undefined
    if (kept.digest !== digest) return REUSED
    const skipped = JSON.parse(kept.answer) as readonly SkippedRecipient[]
    return { ok: true, id: kept.message, skipped, again: true }
  }

  async function first(request: RequestKey, take: () => Promise<HandedIn>): Promise<HandedIn> {
    const before = await earlier(request)
    if (before !== undefined) return before
    const handed = await take()
    // Another node may have been first, between the look and the commit: its key made ours impossible.
    if (handed.ok || handed.why !== 'unavailable') return handed
    return (await earlier(request)) ?? handed
  }

  return {
    async once(request, take) {
      const name = `${request.organization}\n${request.key}`
      const other = underWay.get(name)
      if (other !== undefined) {
        if (other.digest !== request.digest) return REUSED
        const handed = await other.handed
        return handed.ok ? { ...handed, again: true } : handed
      }
      const handed = first(request, take)
      underWay.set(name, { digest: request.digest, handed })
      try {
        return await handed
      } finally {
        underWay.delete(name)
      }
    },
  }
}

const REUSED = {
  ok: false,
  why: 'reused',
  text: 'this Idempotency-Key came with another request before',
} as const
