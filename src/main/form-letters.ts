/** Form letters on their way out: what each recipient is sent, of the letter that is kept once and of their own data. */

import type { NotSendable } from '#engine/egress'
import type { Personaliser } from '#engine/queue'
import { WHOLE_LIMIT } from '#engine/spool'
import type { Claimed, Content, MessageId } from '#engine/spool'
import { formatReceived } from '#grammar/message'
import type { Press } from '#product/template'

/** With the first letter: a node that only relays has no use for it. */
// oxlint-disable-next-line typescript/explicit-function-return-type -- it is what is imported
const load = () => import('#product/template')

/** Octets of letters that are kept ready, the last used of them; with what is made of them it is some times as much. */
const READY = 32 * 1024 * 1024

export function formLetters({ hostname }: { readonly hostname: string }): Personaliser {
  const ready = new Ready()
  let room: Awaited<ReturnType<typeof load>> | undefined
  return {
    concerns: ({ content }) => content === 'template',
    async personalise({ message, delivery }, content) {
      const { key, to, data } = delivery
      // It went with the end of the delivery; who still asks is going to tell of it.
      if (data === undefined) return unfit('what this recipient had of its own is no longer kept')
      room ??= await load()
      const { decodeData, decodeLetter, faultText, press } = room
      const letter =
        ready.find(message.id) ??
        ready.add(message.id, await octetsOf(await content()), (bytes) => press(decodeLetter(bytes)))
      const { from } = message
      const messageId = `<${message.id}.${key.n}@${from?.domain ?? hostname}>`
      const written = letter.write({ to, data: decodeData(data), messageId })
      if (!written.ok) return unfit(faultText(to, written.faults))
      return contentOf([received({ message, delivery }, hostname), ...written.value])
    },
  }
}

/** RFC 5321 §4.4: as any other message of this door has it. */
function received({ message, delivery }: Claimed, hostname: string): Buffer {
  const { id, acceptedAt, client } = message
  const trace = { ...client, by: hostname, id, recipient: delivery.to, at: acceptedAt }
  return Buffer.from(formatReceived(trace))
}

/** RFC 3463 §3.7 */
function unfit(text: string): NotSendable {
  return { kind: 'not-sendable', enhanced: '5.6.0', text }
}

function contentOf(pieces: readonly Buffer[]): Content {
  const size = pieces.reduce((sum, { length }) => sum + length, 0)
  if (size <= WHOLE_LIMIT) return { kind: 'whole', bytes: Buffer.concat(pieces, size) }
  // Files are the same for all, and in memory once.
  return {
    kind: 'chunked',
    size,
    async *chunks() {
      yield* pieces
    },
  }
}

async function octetsOf(content: Content): Promise<Uint8Array> {
  if (content.kind === 'whole') return content.bytes
  return Buffer.concat(await Array.fromAsync(content.chunks()))
}

/** Letters that are ready to be written, in the order of their last use. */
class Ready {
  readonly #letters = new Map<MessageId, { readonly letter: Press; readonly octets: number }>()
  #octets = 0

  find(id: MessageId): Press | undefined {
    const found = this.#letters.get(id)
    if (found === undefined) return undefined
    this.#letters.delete(id)
    this.#letters.set(id, found)
    return found.letter
  }

  add(id: MessageId, bytes: Uint8Array, made: (bytes: Uint8Array) => Press): Press {
    const known = this.find(id)
    if (known !== undefined) return known
    const letter = made(bytes)
    this.#letters.set(id, { letter, octets: bytes.length })
    this.#octets += bytes.length
    for (const [oldest, { octets }] of this.#letters) {
      if (this.#octets <= READY || oldest === id) break
      this.#letters.delete(oldest)
      this.#octets -= octets
    }
    return letter
  }
}
