/** Which mail is given a List-Unsubscribe field: that of streams which ask for it, where what stands in it leads back to us. */

import { unsubscribeFields } from '#engine/queue'
import type { QueueOptions } from '#engine/queue'
import { unsubscribeUrl } from '#engine/tracking'
import type { Config } from '#platform/config'
import type { ServerKey } from '#platform/secret'

import { offeredBy, offersPage, trackingBase } from './offered.ts'

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
    const { message } = claimed
    // RFC 5321 §4.5.5: a notification is not what anybody has subscribed to.
    if (message.from === null) return undefined
    const domain = offeredBy(config(), message.stream)
    const base = offersPage(config(), message.stream) ? trackingBase(config(), message) : undefined
    return unsubscribeFields(claimed, {
      ...(domain !== undefined && { mail: { domain, secret, seal: key } }),
      ...(base !== undefined && { url: unsubscribeUrl(claimed, base, key) }),
    })
  }
}
