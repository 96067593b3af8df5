/** A web server on loopback with a certificate of its own making, and the DNS that leads to it. */

import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { RequestListener } from 'node:http'

import { isLoopback } from '#platform/address-range'
import { DnsServer, Resolver, parseZone } from '#platform/dns'
import { createHttpClient } from '#platform/http-client'
import type { HttpClient, HttpClientOptions } from '#platform/http-client'
import { selfSigned } from '#platform/tls'

export const DNS_CONFIG = {
  servers: [],
  timeout: 5_000,
  attempts: 1,
  cacheEntries: 100,
  minimumTtl: 0,
  maximumTtl: 86_400_000,
}

export class WebBench implements AsyncDisposable {
  readonly client: HttpClient
  readonly port: number
  readonly #server: Server
  readonly #resolver: Resolver
  readonly #dns: DnsServer

  private constructor(server: Server, dns: DnsServer, name: string, options: Partial<HttpClientOptions>) {
    this.#server = server
    this.#dns = dns
    const address = server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : 0
    this.#resolver = new Resolver({ config: { ...DNS_CONFIG, servers: [dns.endpoint] }, now: () => 0 })
    this.client = createHttpClient({
      dns: this.#resolver,
      // The server stands on loopback; everything else that is special stays forbidden here.
      isForbidden: (one) => !isLoopback(one),
      port: this.port,
      ca: certificateOf(name),
      userAgent: 'test',
      ...options,
    })
  }

  /** Serves as `name`, which the DNS of `zone` leads to 127.0.0.1. */
  static async on(
    name: string,
    listener: RequestListener,
    options: Partial<HttpClientOptions> & { readonly zone?: string; readonly pem?: string } = {},
  ): Promise<WebBench> {
    const { zone = `${name} A 127.0.0.1`, pem = certificateOf(name), ...others } = options
    const server = createServer({ cert: pem, key: pem }, listener)
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const dns = await DnsServer.on({ answer: parseZone(zone) })
    return new WebBench(server, dns, name, others)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    this.#resolver[Symbol.dispose]()
    await this.#dns[Symbol.asyncDispose]()
  }
}

const certificates = new Map<string, string>()

/** One key a name: making them takes longer than a test. */
export function certificateOf(name: string): string {
  return certificates.getOrInsertComputed(name, () => selfSigned(name, Date.now()))
}
