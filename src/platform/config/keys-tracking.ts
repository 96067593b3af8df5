/** The keys for what recipients do: opens, clicks, unsubscribing over HTTPS. */

import {
  domainPattern,
  duration,
  flag,
  listenAddress,
  networks,
  optional,
  port,
  webAddress,
  whole,
} from './kinds.ts'
import { rows, table } from './schema.ts'

export const TRACKING = table(
  'Where opens and clicks are told, and where recipients unsubscribe over HTTPS. What is tracked is said for each stream. See docs/tracking.md.',
  {
    enabled: flag({
      default: false,
      is: 'Whether it is served, and mail may be tracked and unsubscribed from over HTTPS.',
    }),
    address: listenAddress({ default: '127.0.0.1', is: 'Where to listen.' }),
    port: port({ default: 8089, is: 'Its TCP port.' }),
    tls: flag({
      default: false,
      is: 'Whether it speaks HTTPS, with the certificate of `[tls]`. Otherwise a proxy before it has to.',
    }),
    url: optional(
      webAddress({
        example: 'https://click.example.com',
        is: 'What links in mail begin with, for senders that `[[tracking_domains]]` does not name. One-click unsubscribing takes HTTPS (RFC 8058 §3.1).',
      }),
    ),
    trustedProxies: networks({
      default: [],
      example: ['127.0.0.1'],
      is: 'Proxies whose X-Forwarded-For is believed. Others are taken for the client.',
    }),
    connections: whole({
      default: 1000,
      min: 1,
      is: 'Connections at once; more are closed as they come.',
    }),
    headerTimeout: duration({
      default: '15s',
      is: 'How long a client may take for the handshake of TLS, and for the header section of a request.',
    }),
    requestTimeout: duration({ default: '30s', is: 'How long a client may take for a whole request.' }),
    requests: whole({
      default: 6000,
      min: 0,
      is: 'Requests of one address in a minute (of an IPv6 network of 64 bits); more are answered with 429. Opens and clicks do not count: mail services fetch for many readers from a few addresses. 0: any number.',
    }),
    machineWithin: duration({
      default: '5s',
      min: 0,
      is: 'A link that is followed so soon after delivery was followed by a machine. A guess, and everybody’s. `0s`: time says nothing.',
    }),
    keepClient: flag({
      default: false,
      is: 'Whether events of opens and clicks have the address of the client and what its program calls itself. Both are personal data.',
    }),
  },
)

export const TRACKING_DOMAINS = rows(
  'What links in mail of some senders begin with, so that they are seen to be theirs. The first row that matches wins.',
  {
    domain: domainPattern({
      example: 'example.com',
      is: 'The domain of the author: `example.com`, `*.example.com` for all below it, `*` for all.',
    }),
    url: webAddress({ example: 'https://click.example.com', is: 'As `tracking.url`. Its name leads here.' }),
  },
)
