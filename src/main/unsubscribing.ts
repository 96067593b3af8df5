/** Which mail is given a List-Unsubscribe field: that of streams which ask for it, where its address leads back to us. */

import { unsubscribeField } from '#engine/queue'
import type { QueueOptions } from '#engine/queue'
import type { Config } from '#platform/config'
import type { ServerKey } from '#platform/secret'

/** The stream that has one unless the configuration says otherwise, also where it names other streams only. */
const BY_DEFAULT = 'marketing'

export type UnsubscribingParts = {
  /** The configuration of the moment. */
  readonly config: () => Config
  readonly key: ServerKey
  /** Of addresses of our own. */
  readonly secret: Uint8Array
}

export function unsubscribing({
  config,
  key,
  secret,
}: UnsubscribingParts): NonNullable<QueueOptions['unsubscribe']> {
  return (claimed) => {
    const { from, stream } = claimed.message
    // RFC 5321 §4.5.5: a notification is not what anybody has subscribed to.
    const domain = from === null ? undefined : offeredBy(config(), stream)
    return domain === undefined ? undefined : unsubscribeField(claimed, { domain, secret, seal: key })
  }
}

/** The domain of the addresses; `undefined` when the stream has none, or nobody would be there to read what comes. */
export function offeredBy({ queue, listeners, streams }: Config, stream: string): string | undefined {
  if (!listeners.some(({ kind }) => kind === 'mx')) return undefined
  const named = streams.find(({ name }) => name === stream)
  const isOffered = named === undefined ? stream === BY_DEFAULT : named.listUnsubscribe === 'mail'
  return isOffered ? queue.returnPathDomain : undefined
}
