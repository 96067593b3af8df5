/** What recipients of a stream can do over mail and over HTTPS, and where, by the configuration. */

import { matchesDomain } from '#engine/routing'
import type { Message } from '#engine/spool'
import type { Config } from '#platform/config'

type Offered = Config['streams'][number]['listUnsubscribe']

/** The stream that is offered both unless the configuration says otherwise, also where it names other streams only. */
const BY_DEFAULT = 'marketing'

export function offeredTo({ streams }: Config, stream: string): Offered {
  const named = streams.find(({ name }) => name === stream)
  return named?.listUnsubscribe ?? (stream === BY_DEFAULT ? 'both' : 'none')
}

/** The domain of the addresses; `undefined` when the stream has none, or nobody would be there to read what comes. */
export function offeredBy(config: Config, stream: string): string | undefined {
  const { queue, listeners } = config
  if (!listeners.some(({ kind }) => kind === 'mx')) return undefined
  const offered = offeredTo(config, stream)
  return offered === 'mail' || offered === 'both' ? queue.returnPathDomain : undefined
}

/** What people call newsletters: streams of that kind, and others that one may unsubscribe from. */
export function marketingStreams(config: Config): readonly string[] {
  const named = config.streams.filter(
    ({ name, kind }) => kind === 'marketing' || offeredTo(config, name) !== 'none',
  )
  const isNamed = config.streams.some(({ name }) => name === BY_DEFAULT)
  return [...named.map(({ name }) => name), ...(isNamed ? [] : [BY_DEFAULT])]
}

/** Whether recipients of the stream can unsubscribe from it over HTTPS. */
export function offersPage(config: Config, stream: string): boolean {
  const offered = offeredTo(config, stream)
  return config.tracking.enabled && (offered === 'one-click' || offered === 'both')
}

/** Of links in mail of this author; `undefined` where nobody would answer them. */
export function trackingBase(
  { tracking, trackingDomains }: Config,
  message: Pick<Message, 'headerFrom' | 'from'>,
): string | undefined {
  if (!tracking.enabled) return undefined
  const domain = authorDomain(message) ?? ''
  return trackingDomains.find(({ domain: pattern }) => matchesDomain(pattern, domain))?.url ?? tracking.url
}

/** As the author wrote it, in lower case; else that of the envelope. */
export function authorDomain({ headerFrom, from }: Pick<Message, 'headerFrom' | 'from'>): string | undefined {
  const at = headerFrom?.lastIndexOf('@') ?? -1
  return at >= 0 ? headerFrom?.slice(at + 1).toLowerCase() : from?.domain.toLowerCase()
}

/** The name of links in mail from `domain` that the configuration gives it alone, and the one that it has to lead to. */
export function trackingName(
  { tracking, trackingDomains }: Config,
  domain: string,
): { readonly name: string; readonly target: string } | undefined {
  const own = trackingDomains.find(({ domain: pattern }) => matchesDomain(pattern, domain))
  const name = own && URL.parse(own.url)?.hostname
  const target = tracking.url === undefined ? undefined : URL.parse(tracking.url)?.hostname
  if (!tracking.enabled || name === undefined || target === undefined || name === target) return undefined
  return { name, target }
}
