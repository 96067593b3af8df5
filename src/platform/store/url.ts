/** Which engine `store.url` names, and where its files lie. */

import { isAbsolute, join } from 'node:path'

import { StoreError } from './error.ts'

export type StoreLocation =
  /** One file a database, in `directory`. */
  | { readonly engine: 'sqlite'; readonly directory: string }
  | { readonly engine: 'postgres'; readonly url: string }

/**
 * `sqlite:` puts the files into the data directory, `sqlite:sub` below it, `sqlite:/var/lib/x` elsewhere;
 * `postgres://` and `postgresql://` are passed to the driver as they are.
 * @throws {StoreError} `url`
 */
export function parseStoreUrl(url: string, dataDirectory: string): StoreLocation {
  if (/^postgres(ql)?:\/\//.test(url)) return { engine: 'postgres', url }
  if (!url.startsWith('sqlite:')) {
    throw new StoreError('url', `store.url must be sqlite: or postgres://…, not ${withoutPassword(url)}`)
  }
  const path = url.slice('sqlite:'.length)
  return { engine: 'sqlite', directory: isAbsolute(path) ? path : join(dataDirectory, path) }
}

/** What may be shown of a URL: never what stands between the first colon of the user part and its at-sign. */
export function withoutPassword(url: string): string {
  const at = url.lastIndexOf('@')
  const colon = url.indexOf(':', url.indexOf('//') + 2)
  return at > colon && colon >= 0 ? `${url.slice(0, colon)}:***${url.slice(at)}` : url
}
