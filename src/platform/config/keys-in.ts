/** The keys for what comes in: listeners, limits, TLS. Each with its default and where the default comes from. */

import {
  choice,
  duration,
  flag,
  list,
  listenAddress,
  mailboxes,
  networks,
  optional,
  port,
  share,
  size,
  text,
  whole,
} from './kinds.ts'
import { domainPattern } from './parsers.ts'
import { named, table } from './schema.ts'

export const LISTENERS = named(
  'One way in each. Declaring any replaces both defaults: `submission` (587, STARTTLS) and `submissions` (465, TLS from the start).',
  {
    address: listenAddress({
      default: '::',
      is: 'Where to listen. `::` is every address of the machine, IPv4 too.',
    }),
    port: port({
      default: 587,
      is: 'RFC 6409 §3.1 names 587, RFC 8314 §7.3 names 465. Where `kind` is `mx` the default is 25.',
    }),
    kind: choice(['submission', 'mx'], {
      default: 'submission',
      is: '`submission` takes mail to be sent. `mx` takes what comes back, from anybody: bounces, complaints and wishes to unsubscribe for addresses that the node made itself, at most 100 recipients and 10 MiB each. It relays nothing, and has no AUTH.',
    }),
    tls: choice(['none', 'starttls', 'implicit'], {
      default: 'starttls',
      is: '`starttls` offers STARTTLS, `implicit` begins with TLS, `none` has neither.',
    }),
    auth: choice(['required', 'optional', 'none'], {
      default: 'required',
      is: '`required`: nobody sends without AUTH. `optional`: trusted networks need none. `none`: AUTH is not offered.',
    }),
    authWithoutTls: flag({
      default: false,
      is: 'Offer AUTH before TLS. For loopback and tests: passwords travel in clear.',
    }),
    trusted: networks({
      default: [],
      example: ['10.0.0.0/8'],
      is: 'Networks that may send without AUTH, as `organization`.',
    }),
    organization: text({ default: 'default', is: 'Whose mail it is that comes without AUTH.' }),
    stream: text({ default: 'transactional', is: 'The stream of mail that comes without AUTH.' }),
    proxyFrom: networks({
      default: [],
      example: ['10.0.0.5/32'],
      is: 'Load balancers: their connections must begin with a PROXY protocol header, version 1 or 2.',
    }),
    xclientFrom: networks({
      default: [],
      is: 'Proxies that may name the real client by XCLIENT, with the attributes of Postfix: NAME, ADDR, PORT, PROTO, HELO, LOGIN, DESTADDR and DESTPORT. LOGIN is believed without a password.',
    }),
    bareNewline: choice(['reject', 'normalize'], {
      default: 'reject',
      is: 'Content with a bare CR or LF: `reject` it, or `normalize` it to CRLF, which is done for authenticated sessions only. RFC 5321 §2.3.8',
    }),
    requireTls: flag({ default: false, is: 'Refuse MAIL before TLS, for trusted networks too.' }),
  },
  { submission: { port: 587, tls: 'starttls' }, submissions: { port: 465, tls: 'implicit' } },
  ({ kind }) => (kind === 'mx' ? { port: 25 } : {}),
)

export const INCOMING = table('What comes to listeners of the kind `mx` and is about no delivery.', {
  postmaster: mailboxes({
    default: [],
    example: ['ops@example.net'],
    is: 'Who reads mail to `postmaster` and `abuse` at the names of this node, which every mail host must take (RFC 5321 §4.5.1). Empty: `queue.postmaster`, if that is not itself at one of these names; else it is kept here, for `hikyaku postmaster list`, up to 1,000 messages and 64 MiB.',
  }),
})

export const LIMITS = table(
  'What one client, and all together, may take. Beyond a limit the reply is 4yz, and the log says which.',
  {
    connections: whole({ default: 2000, min: 1, is: 'Connections at a time, over all listeners.' }),
    connectionsPerAddress: whole({
      default: 50,
      min: 1,
      is: 'Connections at a time from one address, or one /64 of IPv6. Postfix: `smtpd_client_connection_count_limit`, 50.',
    }),
    connectionsPerOrganization: whole({
      default: 500,
      min: 1,
      is: 'Authenticated connections at a time of one organization.',
    }),
    commandLine: size({
      default: '2KiB',
      min: 512,
      is: 'Longest command line, CRLF included. RFC 5321 §4.5.3.1.4 asks for 512 and more for extensions. Postfix: `line_length_limit`, 2048.',
    }),
    commands: whole({
      default: 100_000,
      min: 100,
      is: 'Commands in one session; RCPT in its place and chunks of 1 KiB or more do not count.',
    }),
    errors: whole({
      default: 20,
      min: 1,
      is: 'Rejected commands since the last accepted message, before the session is closed with 421. Postfix: `smtpd_hard_error_limit`, 20.',
    }),
    recipients: whole({
      default: 1000,
      min: 100,
      is: 'Recipients of one message. RFC 5321 §4.5.3.1.8 asks for at least 100. Postfix: `smtpd_recipient_limit`, 1000.',
    }),
    size: size({
      default: '35MiB',
      min: 65_536,
      is: 'Largest message as sent, which SIZE announces (RFC 1870 §4): 25 MiB of attachments in base64. RFC 5321 §4.5.3.1.7 asks for at least 64 KiB.',
    }),
    looseDots: list('domain patterns', domainPattern, {
      default: ['docomo.ne.jp', 'ezweb.ne.jp', '*.ezweb.ne.jp', 'au.com'],
      example: ['carrier.example', '*.carrier.example'],
      is: 'Domains that once gave out addresses such as `a..b@` and `c.@`: there they are taken without quotes, and sent with them. RFC 5321 §4.1.2 has them in quotes only.',
    }),
    headerBytes: size({ default: '256KiB', min: 4096, is: 'Octets of the header section of one message.' }),
    mimeDepth: whole({
      default: 100,
      min: 1,
      is: 'Nested MIME parts that are looked into. Postfix: `mime_nesting_limit`, 100.',
    }),
    mimeParts: whole({ default: 10_000, min: 1, is: 'MIME parts of one message that are looked into.' }),
    hops: whole({
      default: 50,
      min: 10,
      is: 'A message with more Received fields is in a loop. Postfix: `hopcount_limit`, 50; RFC 5321 §6.3 would rather have 100.',
    }),
    transactions: whole({ default: 10_000, min: 1, is: 'Messages in one session.' }),
    idle: duration({ default: '5m', is: 'Longest silence of a client. RFC 5321 §4.5.3.2.7' }),
    session: duration({
      default: '1h',
      is: 'Longest session, wherever it is: in a handshake, between commands, or while content comes in, which is then not taken. Only a content that is complete gets its reply first.',
    }),
    minimumRate: whole({
      default: 100,
      min: 0,
      is: 'Octets a second that a client must send while content comes in, measured over `minimum_rate_window`. 0: any.',
    }),
    minimumRateWindow: duration({ default: '1m', is: 'See `minimum_rate`.' }),
    authFailuresPerAddress: whole({
      default: 20,
      min: 1,
      is: 'Failed logins from one address, or one /64 of IPv6, within `auth_window` before it is refused unheard.',
    }),
    authFailuresPerLogin: whole({
      default: 10,
      min: 1,
      is: 'Failed logins for one login within `auth_window` before it is refused unheard.',
    }),
    authWindow: duration({ default: '15m', is: 'See `auth_failures_per_address`.' }),
    holdMaximum: duration({
      default: '30d',
      is: 'How far in the future a sender may ask for release. RFC 4865 §4',
    }),
    deliverByMinimum: duration({
      default: '1m',
      is: 'Shortest time that DELIVERBY may ask for. RFC 2852 §4',
    }),
    memoryShare: share({
      default: 0.75,
      is: 'Share of the memory limit at which new mail is put off with 452 while sending goes on.',
    }),
    diskFree: share({
      default: 0.1,
      is: 'Share of free disk space or inodes below which new mail is put off with 452 while sending goes on.',
    }),
  },
)

export const TLS = table(
  'The certificate of the listeners. Without one, a self-signed certificate is made at first start.',
  {
    certificate: optional(
      text({
        example: '/etc/hikyaku/fullchain.pem',
        is: 'PEM file: the certificate, then its intermediates. Read again when it changes.',
      }),
    ),
    key: optional(text({ example: '/etc/hikyaku/privkey.pem', is: 'PEM file: its private key.' })),
    minimumVersion: choice(['TLSv1.2', 'TLSv1.3'], {
      default: 'TLSv1.2',
      is: 'RFC 8996 §1 retires what is older.',
    }),
  },
)
