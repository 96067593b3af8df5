/** The whole configuration, as data. docs/configuration.md is made from it. */

import { INCOMING, LIMITS, LISTENERS, TLS } from './keys-in.ts'
import {
  DNS,
  EGRESS,
  QUEUE,
  ROUTES,
  SHAPING,
  WARM_UP,
  SUPPRESSION,
  TLS_POLICIES,
  TLS_REPORT,
  TRANSPORT_SECURITY,
  WEBHOOKS,
} from './keys-out.ts'
import { REPUTATION } from './keys-reputation.ts'
import { DOMAINS, STREAMS } from './keys-streams.ts'
import { TRACKING, TRACKING_DOMAINS } from './keys-tracking.ts'
import { SIGN_IN } from './keys-sign-in.ts'
import {
  choice,
  duration,
  flag,
  host,
  listenAddress,
  networks,
  optional,
  port,
  secret,
  text,
  whole,
  webAddress,
  mailbox,
} from './kinds.ts'
import { table } from './schema.ts'

/** Read first: other defaults are made from it. */
export const NODE = table('This machine.', {
  name: host({
    from: ["the machine's name", (around) => around.hostname],
    is: 'Its fully qualified name: in the greeting, in EHLO, in Received fields, in the self-signed certificate.',
  }),
  number: whole({
    default: 0,
    min: 0,
    max: 31,
    is: 'Tells the message ids of the nodes of a cluster apart.',
  }),
  data: text({
    from: ['`$STATE_DIRECTORY`, which systemd sets, or `data`', (around) => around.stateDirectory ?? 'data'],
    example: '/var/lib/hikyaku',
    is: 'The directory for everything that is kept.',
  }),
  organization: optional(
    text({
      example: 'operations',
      is: 'Whose log has what happens to the node itself (reactions on whole paths, warm-ups, alerts about sources), for its webhooks and API keys to be told. Without it only the command line shows that.',
    }),
  ),
})

export const SCHEMA = table('', {
  node: NODE,
  store: table('Where messages, domains and credentials are kept.', {
    url: secret(
      text({
        default: 'sqlite:',
        example: 'postgres://hikyaku@db.example.com/hikyaku',
        is: '`sqlite:` for files in `node.data`, or the URL of a PostgreSQL database.',
      }),
    ),
  }),
  listeners: LISTENERS,
  incoming: INCOMING,
  limits: LIMITS,
  tls: TLS,
  routes: ROUTES,
  tlsPolicies: TLS_POLICIES,
  transportSecurity: TRANSPORT_SECURITY,
  tlsReport: TLS_REPORT,
  dns: DNS,
  egress: EGRESS,
  shaping: SHAPING,
  warmUp: WARM_UP,
  queue: QUEUE,
  suppression: SUPPRESSION,
  reputation: REPUTATION,
  streams: STREAMS,
  domains: DOMAINS,
  webhooks: WEBHOOKS,
  retention: table('How long records are kept.', {
    deliveries: duration({
      default: '14d',
      is: 'What became of a message is kept so long after its last delivery ended. Its content goes at once.',
    }),
    events: duration({
      default: '30d',
      is: 'Events stay in the log so long: who reads it by a cursor has that much time.',
    }),
    hourlyCounts: duration({
      default: '90d',
      is: 'Counts of an hour are kept so long, and then summed to their day, in UTC.',
    }),
    dailyCounts: duration({ default: '730d', is: 'Counts of a day are kept so long.' }),
    audit: duration({
      default: '730d',
      is: 'How long the audit log is kept: who changed what.',
    }),
    postmaster: duration({
      default: '90d',
      is: 'How long mail for the postmaster is kept that goes nowhere else.',
    }),
    webhookAttempts: duration({
      default: '3d',
      is: 'How long what was sent to webhooks, and what came of it, can be seen.',
    }),
    reports: duration({
      default: '400d',
      is: 'How long DMARC and TLS reports of others about your domains are kept.',
    }),
    idempotencyKeys: duration({
      default: '24h',
      is: 'A request to the API with the same Idempotency-Key does nothing more for so long.',
    }),
  }),
  log: table('The log.', {
    level: choice(['debug', 'info', 'warn', 'error'], {
      default: 'info',
      is: 'The least important lines that are written.',
    }),
    file: optional(text({ example: '/var/log/hikyaku/log', is: 'Absent: standard output.' })),
  }),
  http: table('The port for `/metrics`, `/healthz` and `/readyz`.', {
    address: listenAddress({
      default: '127.0.0.1',
      is: 'Where to listen. There is no login: keep it private.',
    }),
    port: port({ default: 8080, is: 'Its TCP port.' }),
  }),
  api: table('The HTTP API.', {
    enabled: flag({ default: true, is: 'Whether it is served.' }),
    address: listenAddress({
      default: '127.0.0.1',
      is: 'Where to listen. Keys travel in clear unless `tls` is true, or a proxy before it does TLS.',
    }),
    port: port({ default: 8088, is: 'Its TCP port.' }),
    tls: flag({ default: false, is: 'Whether it speaks HTTPS, with the certificate of `[tls]`.' }),
    url: optional(
      webAddress({
        example: 'https://mail.example.org',
        is: 'Where people reach it, for links; absent: its address and port.',
      }),
    ),
    mailFrom: mailbox({
      from: ['`postmaster@` and `node.name`', (around) => `postmaster@${around.nodeName}`],
      is: 'Who invitations and password resets come from.',
    }),
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
    requestTimeout: duration({ default: '5m', is: 'How long a client may take for a whole request.' }),
    requests: whole({
      default: 120_000,
      min: 0,
      is: 'How many requests one API key may make in a minute; more are answered with 429. 0: any number.',
    }),
  }),
  tracking: TRACKING,
  trackingDomains: TRACKING_DOMAINS,
  signIn: SIGN_IN,
  sandbox: table(
    'A receiver on this machine that takes all mail and delivers none: `npm start` runs with it.',
    {
      enabled: flag({ default: false, is: 'Whether it runs, and all mail goes to it.' }),
      smtpPort: port({ default: 1025, is: 'Where it takes mail, on loopback.' }),
      dnsPort: port({
        default: 1053,
        is: 'Where its DNS answers, on loopback: every domain leads to the sandbox.',
      }),
      httpPort: port({ default: 8025, is: 'Where what it took can be read, on loopback.' }),
      personalities: flag({
        default: true,
        is: 'Whether it plays known receivers for their domains (`gmail.com`, `docomo.ne.jp` …): it bears what the shaping rules say of them and answers more with their words. Otherwise it takes mail for them like any other.',
      }),
    },
  ),
})
