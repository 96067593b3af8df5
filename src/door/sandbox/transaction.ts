/** One message on its way in: its envelope, what its recipients asked for, its content. */

import type { ReversePath } from '#grammar/address'
import { ChunkDecoder, DataDecoder } from '#grammar/smtp'
import type { ContentFault, Envelope, MailParameters, Recipient } from '#grammar/smtp'

import { chooseBehaviour } from '#engine/receiver'
import type { Chosen, Stage, Words } from '#engine/receiver'
import { judge } from './verdict.ts'
import type { Circumstances, Verdict } from './verdict.ts'

/** Octets of one message. */
export const SIZE_LIMIT = 64 * 1024 * 1024
export const MAX_RECIPIENTS = 1_000

/** Line endings are judged and never mended: what is shown is what came. */
const CONTENT = { newlines: 'reject', limit: SIZE_LIMIT } as const

export class Transaction {
  readonly from: ReversePath
  readonly parameters: MailParameters
  readonly to: Recipient[] = []
  /** Recipients that want something later than RCPT. */
  readonly #later: { readonly recipient: Recipient; readonly chosen: Chosen }[] = []
  readonly #keeps: boolean
  readonly #words: Words | undefined
  readonly #slices: Buffer[] = []
  #data: DataDecoder | undefined
  #chunks: ChunkDecoder | undefined

  /** `keeps`: whether the content is wanted at all. `words`: those of the receiver that this is for. */
  constructor(
    { from, parameters }: { readonly from: ReversePath; readonly parameters: MailParameters },
    keeps: boolean,
    words?: Words,
  ) {
    this.from = from
    this.parameters = parameters
    this.#keeps = keeps
    this.#words = words
  }

  /** Judges a recipient; it is added only by `add`. */
  meet(recipient: Recipient, around: Circumstances): Verdict {
    return judge(recipient.to, chooseBehaviour(recipient.to.local, this.#words), 'rcpt', around)
  }

  add(recipient: Recipient): void {
    this.to.push(recipient)
    const chosen = chooseBehaviour(recipient.to.local, this.#words)
    if (chosen !== undefined && chosen.behaviour.at !== 'rcpt') this.#later.push({ recipient, chosen })
  }

  /** The verdict of the first recipient that has one for this stage. */
  at(stage: Stage, around: Circumstances): Verdict {
    for (const { recipient, chosen } of this.#later) {
      const verdict = judge(recipient.to, chosen, stage, around)
      if (verdict.kind !== 'take') return verdict
    }
    return { kind: 'take' }
  }

  get data(): DataDecoder {
    return (this.#data ??= new DataDecoder(CONTENT))
  }

  /** RFC 3030 §2: one decoder for all chunks. */
  get chunks(): ChunkDecoder {
    return (this.#chunks ??= new ChunkDecoder({ ...CONTENT, binary: this.parameters.body === 'binarymime' }))
  }

  get hasChunks(): boolean {
    return this.#chunks !== undefined
  }

  keep(slices: readonly Buffer[]): void {
    if (this.#keeps) this.#slices.push(...slices)
  }

  get fault(): ContentFault | undefined {
    return this.#chunks?.fault ?? this.#data?.fault
  }

  /** A copy: a slice would keep alive the whole buffer that the socket filled. */
  content(): Buffer {
    return Buffer.concat(this.#slices)
  }

  envelope(): Envelope {
    const { submitter: _submitter, ...parameters } = this.parameters
    return { ...parameters, from: this.from, to: this.to }
  }
}
