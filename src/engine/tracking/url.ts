/** Addresses that stand in mail and lead back here. */

import type { Claimed } from '#engine/spool'
import { wishToken } from '#grammar/tracking'
import type { TokenKey } from '#grammar/tracking'

/** Where one recipient unsubscribes; it does not need the record of the delivery. `base` has no slash at its end. */
export function unsubscribeUrl(
  { message: { id, organization, stream }, delivery: { key: of, to } }: Claimed,
  base: string,
  key: TokenKey,
): string {
  const { local, domain } = to
  return `${base}/u/${wishToken({ organization, stream, message: id, n: of.n, local, domain }, key)}`
}
