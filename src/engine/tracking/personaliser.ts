/** Gives each recipient links and a picture of their own, in the HTML of a message, when it is sent. */

import { edited } from '#engine/queue'
import type { Personaliser } from '#engine/queue'
import type { Claimed, Content, Message } from '#engine/spool'
import { editableFinder, field, unfold } from '#grammar/message'
import type { EditableLeaf, EditableFinder, MimeLimits } from '#grammar/message'
import type { Making, Places, Wanted } from '#grammar/link'
import { clickToken, followed, openToken, UNSUBSCRIBE } from '#grammar/tracking'
import type { TokenKey, Tracked } from '#grammar/tracking'

import { unsubscribeUrl } from './url.ts'

/** Only where there is HTML to be tracked: the tables of a parser are 5 MiB. */
// oxlint-disable-next-line typescript/explicit-function-return-type -- it is what is imported
const load = () => import('#grammar/link')

/** To import it again takes 25 µs each time, and a letter goes to thousands. */
let links: Awaited<ReturnType<typeof load>> | undefined

export type TrackingPersonaliserOptions = {
  /** What is to be made of a message; `undefined`: each is sent what was accepted. */
  wanted(message: Message): TrackingWanted | undefined
  readonly key: TokenKey
  readonly limits: MimeLimits
}

export type TrackingWanted = Wanted & {
  /** What its links begin with, such as `https://click.example.com`. */
  readonly url: string
}

/** What is looked at of the HTML of a message, in octets as it came: mail programs show a tenth of it. */
const HTML = 1024 * 1024

export function trackingPersonaliser(options: TrackingPersonaliserOptions): Personaliser {
  const read = reader(options)
  return {
    concerns: (message) => options.wanted(message) !== undefined,
    async personalise(claimed, content) {
      const wanted = options.wanted(claimed.message)
      const source = await content()
      if (wanted === undefined) return source
      const { parts, untouched } = await read(source, claimed.message.content !== 'template')
      if (parts.length === 0) return source
      const making = makingOf(claimed, { ...options, ...wanted, untouched })
      links ??= await load()
      const { trackingSplices } = links
      const edits = parts.flatMap(({ leaf, places }) => {
        const splices = trackingSplices(leaf.content, places, wanted, making)
        return splices.length === 0 ? [] : leaf.edits(splices)
      })
      return edits.length === 0 ? source : edited(source, edits)
    },
  }
}

type Part = { readonly leaf: EditableLeaf; readonly places: Places }
type Understood = { readonly parts: readonly Part[]; readonly untouched: ReadonlySet<string> }

/**
 * Recipients whose octets are the same before this share what was found in them. Those of a letter have octets of their
 * own, and to remember what nobody asks for again took the collector 0.2 ms a message.
 */
function reader(
  options: Pick<TrackingPersonaliserOptions, 'limits'>,
): (source: Content, isShared: boolean) => Promise<Understood> {
  const known = new WeakMap<Uint8Array, Promise<Understood>>()
  const finder = (): EditableFinder => editableFinder('text/html', { ...options.limits, leafBytes: HTML })
  const look = async (source: Content): Promise<Understood> => {
    const reading = finder()
    if (source.kind === 'whole') {
      reading.write(source.bytes)
      return understood(reading)
    }
    for await (const chunk of source.chunks()) reading.write(chunk)
    return understood(reading)
  }
  return (source, isShared) =>
    isShared && source.kind === 'whole'
      ? known.getOrInsertComputed(source.bytes, () => look(source))
      : look(source)
}

async function understood(reading: EditableFinder): Promise<Understood> {
  const leaves = reading.end()
  const { header } = reading
  const own = header && field(header, 'list-unsubscribe')
  return {
    parts: leaves.length === 0 ? [] : await partsOf(leaves),
    untouched: new Set(own && header ? urlsIn(unfold(header, own)) : []),
  }
}

async function partsOf(leaves: readonly EditableLeaf[]): Promise<readonly Part[]> {
  links ??= await load()
  const { placesIn } = links
  return leaves.flatMap((leaf) => {
    const places = placesIn(leaf.content, leaf.charset)
    return places === undefined ? [] : [{ leaf, places }]
  })
}

/** RFC 2369 §2 */
function urlsIn(value: string): readonly string[] {
  return value
    .split('<')
    .map((piece) => followed(piece.split('>', 1)[0] ?? ''))
    .filter((url) => url !== undefined)
}

type With = TrackingWanted & Pick<TrackingPersonaliserOptions, 'key'> & Pick<Understood, 'untouched'>

function makingOf(claimed: Claimed, { key, url: base, untouched }: With): Making {
  const { message, delivery } = claimed
  const { organization, stream, id } = message
  const tracked: Tracked = { organization, stream, message: id, n: delivery.key.n }
  return {
    click(url, link) {
      if (url === UNSUBSCRIBE) return unsubscribeUrl(claimed, base, key)
      if (untouched.has(url) || url.startsWith(`${base}/`)) return undefined
      return `${base}/c/${clickToken({ ...tracked, link, url }, key)}`
    },
    open: () => `${base}/o/${openToken(tracked, key)}`,
  }
}
