/** A private Postfix, run from the unpacked package: nothing outside its directory is read or written. */

import { join } from 'node:path'

import { layOut, master } from '../test/postfix.ts'
import type { Settings } from '../test/postfix.ts'
import { answers, freePort } from './load.ts'
import type { Sink } from './load.ts'
import { Unavailable } from './postfix-package.ts'
import type { PostfixPackage } from './postfix-package.ts'
import { proportional, startGroup } from './process-group.ts'
import type { Server } from './server.ts'

/** Seconds after which Postfix ends by itself, should this program be killed before it could end it. */
const LONGEST = 3600

/** @throws {Unavailable} without root: Postfix changes its user for each of its parts */
export async function startPostfix(from: PostfixPackage, directory: string, sink: Sink): Promise<Server> {
  if (process.getuid?.() !== 0) throw new Unavailable('the Postfix to compare with runs as root only')
  const port = await freePort()
  const place = { root: from.root, directory }
  layOut(place, port, settings(sink.port))
  const group = startGroup({
    name: 'postfix',
    ...master(place, LONGEST),
    env: { ...from.env, MAIL_CONFIG: join(directory, 'conf') },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    await group.seen(() => answers(port))
  } catch (error) {
    await group[Symbol.asyncDispose]()
    throw error
  }
  return {
    name: 'postfix',
    port,
    sink,
    group,
    // Dozens of processes of one program: added up, their resident sizes would count its code dozens of times.
    memory: () => proportional(group.pids()),
    [Symbol.asyncDispose]: () => group[Symbol.asyncDispose](),
  }
}

function settings(sinkPort: number): Settings {
  return {
    myhostname: 'postfix.bench.example',
    relayhost: `[127.0.0.1]:${sinkPort}`,
    default_destination_concurrency_limit: '50',
  }
}
