/** Which mail is tracked: by the configuration, and what the sender said of the message. */

import type { TrackingWanted } from '#engine/tracking'
import type { Message, Tracking } from '#engine/spool'
import type { Config } from '#platform/config'

import { offersPage, trackingBase } from './offered.ts'

/** `undefined`: there is nothing of its own in it for any recipient. */
export function trackingOf(
  config: Config,
  message: Pick<Message, 'from' | 'headerFrom' | 'door' | 'stream' | 'tracking'>,
): TrackingWanted | undefined {
  // Asked of every message: most nodes track none.
  if (!config.tracking.enabled) return undefined
  const { stream, door, from } = message
  // Notifications, and mail of strangers for the postmaster: of nobody's who could want to know.
  if (from === null || door === 'platform' || door === 'mx') return undefined
  const url = trackingBase(config, message)
  const { opens, clicks } = wishesOf(config, message)
  const isWanted = opens || clicks || offersPage(config, stream)
  return isWanted && url !== undefined ? { opens, clicks, url } : undefined
}

/** What the sender said of the message, or else what holds for its stream. */
function wishesOf(
  { streams }: Config,
  { stream, tracking }: Pick<Message, 'stream' | 'tracking'>,
): Required<Tracking> {
  const named = streams.find(({ name }) => name === stream)
  return { opens: named?.trackOpens ?? false, clicks: named?.trackClicks ?? false, ...tracking }
}
