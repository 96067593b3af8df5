/** One resolver before one server, for the tests of this room. */

import { Resolver } from './resolver.ts'
import type { ResolverOptions } from './resolver.ts'
import { DnsServer } from './server.ts'
import type { Question, Said } from './server.ts'
import { lookUp, parseZone } from './zone.ts'

export const config = {
  servers: [],
  timeout: 5_000,
  attempts: 1,
  cacheEntries: 1_000,
  minimumTtl: 30_000,
  maximumTtl: 86_400_000,
}

export const example = parseZone(`
  example.com 600 MX 10 mx.example.com
  mx.example.com 600 A 192.0.2.1
`)

export const inExample = ({ name, type }: Question): Said => lookUp(example, name, type)

type Bench = { resolver: Resolver; asked: Question[]; clock: { now: number }; server: DnsServer }

/** Runs `body` with a resolver that asks one server, which says `answer`; both are closed after it. */
export async function bench(
  answer: (question: Question) => Said,
  body: (bench: Bench) => Promise<void>,
  options: Partial<ResolverOptions> & { authentic?: boolean; timeout?: number; attempts?: number } = {},
): Promise<void> {
  const asked: Question[] = []
  const clock = { now: 1_000 }
  const { authentic = false, timeout = 5_000, attempts = 1, ...others } = options
  await using server = await DnsServer.on({
    authentic,
    answer,
    heard: (question) => void asked.push(question),
  })
  using resolver = new Resolver({
    config: { ...config, timeout, attempts, servers: [server.endpoint] },
    now: () => clock.now,
    ...others,
  })
  await body({ resolver, asked, clock, server })
}

export const ofZone =
  (text: string) =>
  ({ name, type }: Question): Said =>
    lookUp(parseZone(text), name, type)
