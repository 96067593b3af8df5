/** The keys for what goes out: routes, DNS, egress, queue. Each with its default and where the default comes from. */

import {
  choice,
  domainPattern,
  duration,
  durations,
  flag,
  host,
  ipAddress,
  mailbox,
  networks,
  optional,
  port,
  proxy,
  relays,
  secret,
  servers,
  share,
  text,
  warmUpSince,
  weightedSources,
  whole,
  wholes,
} from './kinds.ts'
import { named, rows, table } from './schema.ts'

const TLS_POLICY = ['none', 'opportunistic', 'required', 'verified', 'dane'] as const
const TLS_WORDS =
  '`none`: never. `opportunistic`: when offered, with any certificate (RFC 7435 §3). `required`: or not at all. `verified`: required, and the certificate must be valid for the host, by authority or by DANE. `dane`: required, and by DANE alone (RFC 7672 §6).'

export const ROUTES = rows(
  'Where mail for some domains goes instead of to its MX. The first row that matches wins. What these hosts bear is limited by `[egress]` and by rules of your own for their site or domain, and not by the limits for receivers in general: see docs/shaping.md.',
  {
    domain: domainPattern({
      example: '*.example.com',
      is: 'The recipient domain: `example.com`, `*.example.com` for all below it, `*` for all.',
    }),
    stream: optional(text({ example: 'marketing', is: 'Only for this stream.' })),
    to: relays({
      example: ['smtp.example.net:587', 'smtps://smtp2.example.net'],
      is: 'Hosts in the order to try them: `host`, `host:port`, or `smtps://host` for TLS from the start.',
    }),
    tls: choice(TLS_POLICY, { default: 'opportunistic', is: TLS_WORDS }),
    user: optional(text({ is: 'Login at the host.' })),
    password: secret(optional(text({ is: 'Password at the host.' }))),
    allowPrivate: flag({ default: false, is: 'Whether these hosts may have private addresses.' }),
  },
)

export const TLS_POLICIES = rows(
  'How much TLS mail to some domains must have, whatever they say themselves. For mail by MX. The first row that matches wins.',
  {
    domain: domainPattern({
      example: 'bank.example.com',
      is: 'The recipient domain: `example.com`, `*.example.com` for all below it, `*` for all.',
    }),
    tls: choice(TLS_POLICY, { example: 'verified', is: `${TLS_WORDS} Instead of \`egress.tls\`.` }),
    obey: flag({
      default: true,
      is: 'Whether MTA-STS policy and TLSA records are obeyed too. `false` gets mail through while theirs are broken.',
    }),
  },
)

export const TRANSPORT_SECURITY = table(
  'What receivers may demand of the way to them. See docs/transport-security.md.',
  {
    mtaSts: flag({ default: true, is: 'Whether MTA-STS policies are fetched and obeyed. RFC 8461' }),
    mtaStsPort: port({ default: 443, is: 'The port where policies are fetched. For laboratories.' }),
    dane: flag({
      default: true,
      is: 'Whether TLSA records are obeyed. Has an effect only with a validating resolver that is trusted. RFC 7672',
    }),
    trustAd: choice(['loopback', 'all', 'none'], {
      default: 'loopback',
      is: 'Whose word that an answer is validated is believed (the AD bit, RFC 6840 §5.8): `loopback`: resolvers on this machine, and those of /etc/resolv.conf where it says `options trust-ad`; `all`: every resolver that is asked: the network between must be safe; `none`: nobody’s.',
    }),
  },
)

export const TLS_REPORT = table(
  'Reports about TLS to the domains that ask for them, each day one. RFC 8460',
  {
    send: flag({ default: true, is: 'Whether reports are made and sent.' }),
    from: mailbox({
      from: ['`tls-reports@` and `node.name`', (around) => `tls-reports@${around.nodeName}`],
      is: 'Who they come from. Its domain needs DKIM keys here: reports without a signature are ignored.',
    }),
    organization: text({
      from: ['`node.name`', (around) => around.nodeName],
      example: 'Example Ltd.',
      is: 'Who reports, for people.',
    }),
    contact: mailbox({
      from: ['`postmaster@` and `node.name`', (around) => `postmaster@${around.nodeName}`],
      is: 'Whom a domain may ask about its report.',
    }),
    spread: duration({
      default: '4h',
      min: 0,
      is: 'The reports of a day are sent within this time after midnight UTC, each at its own moment.',
    }),
    keep: duration({ default: '90d', is: 'How long reports are kept.' }),
  },
)

export const WEBHOOKS = table('How webhooks are told what happens. See docs/webhooks.md.', {
  batchEvents: whole({ default: 100, min: 1, max: 1000, is: 'Events of one request, at most.' }),
  batchWait: duration({
    default: '1s',
    min: 100,
    is: 'How often what is new is looked for: what happens within it goes with one request.',
  }),
  timeout: duration({
    default: '15s',
    min: 100,
    is: 'How long a receiver may take for a request and its answer.',
  }),
  retry: duration({
    default: '5s',
    min: 100,
    is: 'How long after a request that failed it is sent again; each time twice as long, to two hours.',
  }),
  giveUp: duration({
    default: '1d',
    min: 100,
    is: 'A webhook that takes nothing for so long is paused, and that is told.',
  }),
  allow: networks({
    default: [],
    example: ['10.1.2.0/24'],
    is: 'Private and special addresses that may be told, by http: as well. Empty: none. Whoever may make a webhook reaches them.',
  }),
})

export const DNS = table('How names are looked up.', {
  servers: servers({
    default: [],
    example: ['127.0.0.1', '[2001:db8::53]:5353'],
    is: 'Resolvers to ask. Empty: those of /etc/resolv.conf.',
  }),
  timeout: duration({ default: '5s', is: 'How long one server may take to answer one query.' }),
  attempts: whole({ default: 2, min: 1, max: 10, is: 'How often each server is asked.' }),
  cacheEntries: whole({
    default: 20_000,
    min: 0,
    is: 'Answers kept in memory, at some 500 octets each; a domain that is sent to has three or four.',
  }),
  minimumTtl: duration({
    default: '30s',
    min: 0,
    is: 'Answers are kept at least so long, whatever their TTL.',
  }),
  maximumTtl: duration({ default: '1d', is: 'Answers are kept at most so long, whatever their TTL.' }),
})

const TIMEOUTS = table('How long a remote host may take for each stage.', {
  connect: duration({ default: '30s', is: 'TCP connection. Postfix: `smtp_connect_timeout`, 30 s.' }),
  greeting: duration({ default: '5m', is: 'The 220. RFC 5321 §4.5.3.2.1' }),
  ehlo: duration({ default: '5m', is: 'The reply to EHLO or HELO. Postfix: `smtp_helo_timeout`, 300 s.' }),
  tls: duration({ default: '1m', is: 'The handshake, and the reply to STARTTLS.' }),
  mail: duration({ default: '5m', is: 'RFC 5321 §4.5.3.2.2' }),
  rcpt: duration({ default: '5m', is: 'RFC 5321 §4.5.3.2.3' }),
  data: duration({ default: '2m', is: 'RFC 5321 §4.5.3.2.4' }),
  block: duration({ default: '3m', is: 'Each block of content. RFC 5321 §4.5.3.2.5' }),
  end: duration({
    default: '10m',
    is: 'The reply to the final dot: shorter means duplicates. RFC 5321 §4.5.3.2.6',
  }),
  quit: duration({ default: '5s', is: 'The reply to QUIT, which changes nothing any more.' }),
})

export const EGRESS = table('How mail is sent.', {
  sources: named(
    'The addresses and names to send from. Without any there is one, `default`, whose address the system chooses.',
    {
      address: optional(
        ipAddress({
          example: '192.0.2.10',
          is: 'An address of this machine, or of the HAProxy that `proxy` names. Absent: the system chooses.',
        }),
      ),
      ehlo: host({
        from: ['`node.name`', (around) => around.nodeName],
        is: 'The name in EHLO. The address should resolve to it and back.',
      }),
      proxy: optional(
        proxy({
          example: 'haproxy://10.0.0.5:2525',
          is: 'Connect through it, to send from an address of another machine: `socks5://host:port`, or `haproxy://host:port`, which is told by a PROXY header (version 2) to connect from `address`.',
        }),
      ),
      proxyUser: optional(text({ is: 'Login at a SOCKS 5 proxy. RFC 1929' })),
      proxyPassword: secret(optional(text({ is: 'Password at a SOCKS 5 proxy.' }))),
      relay: relays({
        default: [],
        example: ['smtp.example.net:587'],
        is: 'Hosts that take all mail of this source, instead of the MX of its recipients: another service, or another node. They may have private addresses.',
      }),
      relayTls: choice(['none', 'opportunistic', 'required', 'verified'], {
        default: 'required',
        is: 'TLS to `relay`, as `tls` of a route.',
      }),
      relayUser: optional(text({ is: 'Login at `relay`.' })),
      relayPassword: secret(optional(text({ is: 'Password at `relay`.' }))),
      warmUp: optional(
        warmUpSince({
          example: true,
          is: 'Whether it sends only as much a day as `warm_up` says: `true`, from its first message, or the day it began, such as `"2026-11-01"`: then each day since counts as one of sending where nothing is recorded.',
        }),
      ),
    },
    { default: {} },
  ),
  pools: named(
    'Sources that streams send from, each with its weight. `default` is for streams that name no pool; unless it is said here, it has all sources, alike. See docs/sources.md.',
    {
      sources: weightedSources({
        example: ['default:1'],
        is: 'Names of sources, with a weight up to 1000 after a colon where that is not 1, such as `ip-2:3`. A source may be in several pools.',
      }),
    },
    {},
  ),
  port: port({ default: 25, is: 'The port of MX hosts.' }),
  tls: choice(TLS_POLICY, { default: 'opportunistic', is: `${TLS_WORDS} For mail by MX.` }),
  allowPrivate: flag({
    default: false,
    is: 'Whether MX hosts may have private addresses. For laboratories.',
  }),
  connections: whole({ default: 1000, min: 1, is: 'Connections at a time.' }),
  connectionsPerPath: whole({
    default: 10,
    min: 1,
    is: 'Connections at a time from one source to one site. KumoMTA: 10.',
  }),
  messagesPerConnection: whole({ default: 100, min: 1, is: 'Messages on one connection. KumoMTA: 100.' }),
  messageRate: whole({
    default: 0,
    min: 0,
    is: 'Messages a second from one source to one site. 0: no limit.',
  }),
  recipientsPerTransaction: whole({
    default: 100,
    min: 1,
    max: 1000,
    is: 'RFC 5321 §4.5.3.1.8 lets every server take 100.',
  }),
  idle: duration({ default: '5s', is: 'How long an unused connection is kept open.' }),
  timeouts: TIMEOUTS,
})

export const WARM_UP = table(
  'How sources that nobody knows yet begin, at each group of receivers by itself. See docs/sources.md.',
  {
    schedule: wholes({
      default: [
        50, 100, 500, 1_000, 5_000, 10_000, 20_000, 40_000, 70_000, 100_000, 150_000, 250_000, 400_000,
        600_000, 1_000_000,
      ],
      is: 'Messages on each sending day, at most. After the last there is no limit. Days are those of UTC.',
    }),
    whenFull: choice(['overflow', 'wait'], {
      default: 'overflow',
      is: 'What becomes of mail when a source has sent the number of the day: `overflow`: other sources of the pool take it; `wait`: it waits for the next day, whatever others could take.',
    }),
    idleRestart: duration({
      default: '30d',
      is: 'After so long without mail to a group of receivers it begins anew there.',
    }),
  },
)

export const SHAPING = table('Rules for what receivers bear. See docs/shaping.md.', {
  directory: text({
    from: ['`shaping` beside the configuration file', (around) => `${around.configDirectory ?? '.'}/shaping`],
    example: '/etc/hikyaku/shaping',
    is: 'Where your own rules are, in files named `*.toml`. It need not exist. Files that change hold within 10 seconds.',
  }),
  product: flag({
    default: true,
    is: 'Whether the rules that come with Hikyaku hold as well, where yours do not say otherwise.',
  }),
})

export const QUEUE = table('Retries and expiry.', {
  retry: durations({
    default: ['5m', '10m', '20m', '40m', '1h', '2h', '4h'],
    is: 'Time to the next attempt after each failed one; the last repeats. RFC 5321 §4.5.4.1 would have 30 minutes; greylisting wants it sooner at first.',
  }),
  jitter: share({
    default: 0.2,
    is: 'Share of that time by which it is spread, so that a backlog does not come back all at once.',
  }),
  expire: duration({
    default: '5d',
    is: 'How long a message is tried. RFC 5321 §4.5.4.1 asks for 4 to 5 days.',
  }),
  expireNull: duration({ default: '2d', is: 'The same for mail with the null reverse-path, such as DSNs.' }),
  delayWarning: duration({
    default: '4h',
    is: 'When a sender who asked for it is told of a delay. RFC 3461 §4.1',
  }),
  window: whole({ default: 2000, min: 10, is: 'Deliveries of one scheduled queue in memory.' }),
  windowTotal: whole({ default: 50_000, min: 100, is: 'Deliveries in memory in all.' }),
  postmaster: mailbox({
    from: ['`postmaster@` and `node.name`', (around) => `postmaster@${around.nodeName}`],
    is: 'Who DSNs come from.',
  }),
  dsnPerSenderPerHour: whole({
    default: 100,
    min: 0,
    is: 'DSNs to one sender in an hour; further ones are not sent.',
  }),
  returnPathDomain: optional(
    host({
      example: 'bounce.example.com',
      is: 'The domain of return paths that are unique to each delivery. Absent: the reverse-path of the sender is kept.',
    }),
  ),
})

export const SUPPRESSION = table(
  'Which recipients are not tried again. Blocks, content, policy, rate and network are about the sender and never suppress anybody.',
  {
    enabled: flag({
      default: true,
      is: 'Whether bounces suppress recipients. Those that are suppressed already stay so.',
    }),
    unknownExpire: duration({
      default: '0s',
      min: 0,
      is: 'How long after a hard bounce that says there is no such mailbox, or that nobody there takes mail. `0s`: until removed.',
    }),
    hostUnknownExpire: duration({
      default: '30d',
      min: 0,
      is: 'The same for a domain that does not exist or leads nowhere.',
    }),
    complaintExpire: duration({
      default: '0s',
      min: 0,
      is: 'The same for a complaint, in the stream that was complained of.',
    }),
    softCount: whole({
      default: 5,
      min: 0,
      is: 'So many deliveries given up for a full or disabled mailbox within `soft_within`, without a delivery between. 0: they never suppress.',
    }),
    softWithin: duration({ default: '14d', is: 'See `soft_count`.' }),
    softExpire: duration({
      default: '30d',
      min: 0,
      is: 'How long after so many soft bounces. `0s`: until removed.',
    }),
  },
)
