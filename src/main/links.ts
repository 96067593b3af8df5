/** Where the API is for people, and the links that lead there. */

import type { LinkKind } from '#door/api'
import type { Config } from '#platform/config'

/** Of `/link` in `door/api`, which is not loaded for a name. */
const PAGE = '/link'

/** @param port that it listens on, where the configuration lets the system choose */
export function apiUrl({ api, node }: Config, port = api.port): string {
  if (api.url !== undefined) return api.url
  const isEverywhere = api.address === '::' || api.address === '0.0.0.0'
  const host = api.address.includes(':') ? `[${api.address}]` : api.address
  return `http://${isEverywhere ? node.name : host}:${port}`
}

/** The token stands where browsers tell it to no server, and logs do not have it. */
export function linkTo(base: string, kind: LinkKind, token: string): string {
  return `${base}${PAGE}#${kind}=${token}`
}
