/** What a link in mail may lead to. */

/** What a sender writes for the place where the recipient unsubscribes. */
export const UNSUBSCRIBE = 'hikyaku:unsubscribe'

/** Characters of a URL that is followed; longer ones stay as they are. Browsers and proxies take 2,000 at least. */
export const URL_LENGTH = 2_000

/** An http or https URL as it would be asked for; `undefined` for everything else. WHATWG URL §4.4 */
export function followed(text: string): string | undefined {
  const url = /^[\s\0]*https?:\/\//i.test(text) ? URL.parse(text) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined
  return url.href.length <= URL_LENGTH ? url.href : undefined
}
