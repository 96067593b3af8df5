/** The configuration as the rest of the house sees it: complete, checked, durations in milliseconds, sizes in octets. */

/** One way in. Any number of them, each with its own policy. */
export type ListenerConfig = {
  readonly name: string
  /** IPv4, IPv6 or `localhost`. */
  readonly address: string
  readonly port: number
  /** Only `submission` today; the MX door comes with mailboxes. */
  readonly kind: 'submission'
  readonly tls: 'none' | 'starttls' | 'implicit'
  /** `required`: nobody sends without AUTH. `optional`: trusted networks need none. `none`: AUTH is not offered. */
  readonly auth: 'required' | 'optional' | 'none'
  /** Allow AUTH before TLS. For loopback and tests. */
  readonly authWithoutTls: boolean
  /** CIDR networks that may send without AUTH, as `organization`. */
  readonly trusted: readonly string[]
  readonly organization: string
  readonly stream: string
  /** CIDR networks whose connections begin with a PROXY protocol header. */
  readonly proxyFrom: readonly string[]
  /** CIDR networks that may use XCLIENT. */
  readonly xclientFrom: readonly string[]
  /** What to do with bare CR or LF in content. `normalize` is honoured for authenticated sessions only. */
  readonly bareNewline: 'reject' | 'normalize'
  readonly requireTls: boolean
}

export type LimitsConfig = {
  readonly connections: number
  readonly connectionsPerAddress: number
  readonly connectionsPerOrganization: number
  readonly commandLine: number
  readonly commands: number
  readonly errors: number
  readonly recipients: number
  readonly size: number
  readonly headerBytes: number
  readonly mimeDepth: number
  readonly mimeParts: number
  readonly hops: number
  readonly transactions: number
  /** Milliseconds. */
  readonly idle: number
  readonly session: number
  /** Octets a second, measured over `minimumRateWindow`. */
  readonly minimumRate: number
  readonly minimumRateWindow: number
  /** Failed logins before an address or a login is refused, within `authWindow`. */
  readonly authFailuresPerAddress: number
  readonly authFailuresPerLogin: number
  readonly authWindow: number
  /** How long a FUTURERELEASE may hold. */
  readonly holdMaximum: number
  readonly deliverByMinimum: number
  /** Share of the memory limit (0–1) and of free disk or inodes (0–1) at which new mail is put off. */
  readonly memoryShare: number
  readonly diskFree: number
}

/** Where mail for some domains goes instead of by MX. The first that matches wins. */
export type RouteConfig = {
  /** `example.com`, `*.example.com` or `*`. */
  readonly domain: string
  readonly stream?: string
  /** Tried in this order. */
  readonly to: readonly { readonly host: string; readonly port: number; readonly implicitTls: boolean }[]
  readonly tls: 'none' | 'opportunistic' | 'required' | 'verify'
  readonly user?: string
  readonly password?: string
  readonly allowPrivate: boolean
}

export type DnsConfig = {
  /** `address` or `address:port`. Empty: those of the system. */
  readonly servers: readonly string[]
  readonly timeout: number
  readonly attempts: number
  readonly cacheEntries: number
  readonly minimumTtl: number
  readonly maximumTtl: number
}

export type SourceConfig = { readonly name: string; readonly address?: string; readonly ehlo: string }

export type EgressConfig = {
  readonly sources: readonly SourceConfig[]
  readonly port: number
  readonly tls: 'none' | 'opportunistic' | 'required' | 'verify'
  readonly allowPrivate: boolean
  /** Connections in all, and on one path. */
  readonly connections: number
  readonly connectionsPerPath: number
  readonly messagesPerConnection: number
  /** Per path and second; 0 means no limit. */
  readonly messageRate: number
  readonly recipientsPerTransaction: number
  readonly idle: number
  /** Milliseconds for each stage. RFC 5321 §4.5.3.2 */
  readonly timeouts: {
    readonly connect: number
    readonly greeting: number
    readonly ehlo: number
    readonly tls: number
    readonly mail: number
    readonly rcpt: number
    readonly data: number
    readonly block: number
    readonly end: number
    readonly quit: number
  }
}

export type QueueConfig = {
  /** Milliseconds after each failed attempt; the last one repeats. */
  readonly retry: readonly number[]
  /** Share of the delay, 0–1, by which it is spread. */
  readonly jitter: number
  readonly expire: number
  /** Null-sender mail. */
  readonly expireNull: number
  /** When a delay DSN is due, for those who asked. */
  readonly delayWarning: number
  /** Deliveries held in memory for one scheduled queue, and in all. */
  readonly window: number
  readonly windowTotal: number
  /** Who DSNs come from. */
  readonly postmaster: string
  readonly dsnPerSenderPerHour: number
  /** `bounce.example.com`: the domain of per-delivery return paths. Absent: the sender's own reverse-path is kept. */
  readonly returnPathDomain?: string
}

export type Config = {
  readonly node: { readonly name: string; readonly number: number; readonly data: string }
  readonly store: { readonly url: string }
  readonly listeners: readonly ListenerConfig[]
  readonly limits: LimitsConfig
  readonly tls: { readonly certificate?: string; readonly key?: string; readonly minimumVersion: 'TLSv1.2' | 'TLSv1.3' }
  readonly routes: readonly RouteConfig[]
  readonly dns: DnsConfig
  readonly egress: EgressConfig
  readonly queue: QueueConfig
  readonly retention: { readonly deliveries: number }
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly file?: string }
  readonly http: { readonly address: string; readonly port: number }
  readonly sandbox: { readonly enabled: boolean; readonly smtpPort: number; readonly dnsPort: number; readonly httpPort: number }
}
