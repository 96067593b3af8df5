/** HTML with links of our own in place of the sender's, and a picture that tells when it is fetched. */

import type { Splice } from '#grammar/message'
import { UNSUBSCRIBE } from '#grammar/tracking'

import type { Places } from './places.ts'

export type Wanted = { readonly opens: boolean; readonly clicks: boolean }

/** What it gives is ASCII, without spaces, quotes, `<`, `>`, `=` and `&`: it stands in any attribute, quoted or not. */
export type Making = {
  /** What is followed instead of `url`, link `n` of its part, or of `UNSUBSCRIBE`; `undefined`: it stays. */
  click(url: string, n: number): string | undefined
  /** Where the picture is. */
  open(): string
}

/** Back to ASCII. RFC 1468 */
const TO_ASCII = '\x1b(B'

/** Only the values of links are exchanged, and the picture put in; nothing else of `html` changes. */
export function trackingSplices(
  html: Buffer,
  places: Places,
  wanted: Wanted,
  making: Making,
): readonly Splice[] {
  const splices: Splice[] = []
  for (const [n, { start, end, url }] of places.links.entries()) {
    const text = wanted.clicks || url === UNSUBSCRIBE ? making.click(url, n) : undefined
    if (text !== undefined) splices.push({ start, end, by: Buffer.from(text, 'latin1') })
  }
  if (wanted.opens) put(splices, pictureIn(html, places, making.open()))
  return splices
}

/** Where it belongs in their order: what a browser shows after `</body>` may have links too. */
function put(splices: Splice[], picture: Splice): void {
  const after = splices.findIndex(({ start }) => start >= picture.start)
  splices.splice(after < 0 ? splices.length : after, 0, picture)
}

function pictureIn(html: Buffer, { pixel, endsInAscii }: Places, url: string): Splice {
  // Not hidden: what is not shown is not fetched everywhere. No text in its place, so that nobody hears of it.
  const picture = `<img src="${url}" alt="" width="1" height="1" border="0" style="width:1px;height:1px;border:0">`
  const text = pixel === html.length && !endsInAscii ? TO_ASCII + picture : picture
  return { start: pixel, end: pixel, by: Buffer.from(text, 'latin1') }
}
