/** The store at one end of a port: what the other end asks for is done here, and what moves instead of being copied. */

import type { MessagePort } from 'node:worker_threads'

import { link, transfer } from '#platform/thread'
import type { Remote } from '#platform/thread'

import type { StoredBody, StoredChunk } from './engine.ts'
import type { SpoolClient, SpoolService, SpoolStore, Standing } from './service.ts'

/** Serves `store` until the port closes, from either side. */
export function serveSpool(store: SpoolStore, port: MessagePort): void {
  const { service } = store
  const unfinished = new Set<number>()
  const { remote, closed } = link<SpoolClient>(port, {
    ...service,
    commit: async (batch) => {
      for (const [id] of batch.accepts) unfinished.delete(id)
      const reply = await service.commit(batch)
      return transfer(reply, [reply.bytes.buffer])
    },
    writeChunk: (id, seq, chunk) => {
      unfinished.add(id)
      return service.writeChunk(id, seq, chunk)
    },
    discardChunks: (id) => {
      unfinished.delete(id)
      return service.discardChunks(id)
    },
    read: async (id) => moved(await service.read(id)),
    readChunk: async (id, seq) => moved(await service.readChunk(id, seq)),
  } satisfies SpoolService)
  const detach = store.attach({ standing: (standing) => tell(remote, standing) })
  void forgetWhen(closed, detach, unfinished, service)
}

function tell(remote: Remote<SpoolClient>, standing: Standing): void {
  remote.standing(standing).catch(() => {})
}

async function forgetWhen(
  closed: Promise<void>,
  detach: () => void,
  unfinished: ReadonlySet<number>,
  service: SpoolService,
): Promise<void> {
  await closed
  detach()
  // A thread that died in the middle of a message: nobody else will ever finish or discard it.
  for (const id of unfinished) service.discardChunks(id).catch(() => {})
}

function moved<T extends StoredBody | StoredChunk>(body: T | undefined): T | undefined {
  return body && 'bytes' in body ? transfer(body, [body.bytes.buffer]) : body
}
