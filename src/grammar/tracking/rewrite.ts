/** HTML with links of our own in place of the sender's, and a picture that tells when it is fetched. */

import { UNSUBSCRIBE } from './places.ts'
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

type Splice = { readonly start: number; readonly end: number; readonly text: string }

/** `html` with only the values of links exchanged and the picture put in; `undefined` when nothing changes. */
export function withTracking(
  html: Buffer,
  places: Places,
  wanted: Wanted,
  making: Making,
): Buffer | undefined {
  const splices: Splice[] = []
  for (const [n, { start, end, url }] of places.links.entries()) {
    const text = wanted.clicks || url === UNSUBSCRIBE ? making.click(url, n) : undefined
    if (text !== undefined) splices.push({ start, end, text })
  }
  if (wanted.opens) put(splices, pictureIn(html, places, making.open()))
  return splices.length === 0 ? undefined : spliced(html, splices)
}

/** Where it belongs in their order: what a browser shows after `</body>` may have links too. */
function put(splices: Splice[], picture: Splice): void {
  const after = splices.findIndex(({ start }) => start >= picture.start)
  splices.splice(after < 0 ? splices.length : after, 0, picture)
}

function pictureIn(html: Buffer, { pixel, endsInAscii }: Places, url: string): Splice {
  // Not hidden: what is not shown is not fetched everywhere. No text in its place, so that nobody hears of it.
  const picture = `<img src="${url}" alt="" width="1" height="1" border="0" style="width:1px;height:1px;border:0">`
  const isEnd = pixel === html.length
  return { start: pixel, end: pixel, text: isEnd && !endsInAscii ? TO_ASCII + picture : picture }
}

function spliced(html: Buffer, splices: readonly Splice[]): Buffer {
  const pieces: Buffer[] = []
  let at = 0
  for (const { start, end, text } of splices) {
    pieces.push(html.subarray(at, start), Buffer.from(text, 'latin1'))
    at = end
  }
  return Buffer.concat([...pieces, html.subarray(at)])
}
