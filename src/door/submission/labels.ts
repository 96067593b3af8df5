/** The tags and metadata of a message: what its header section says of them, with what came beside it. */

import { labelFault } from '#engine/spool'
import type { Message } from '#engine/spool'
import { labelsOf } from '#grammar/message'
import type { Header } from '#grammar/message'
import { reply } from '#grammar/smtp'
import type { Reply } from '#grammar/smtp'

/** What is said about a message beside its content. */
export type Labelled = Pick<Message, 'tags' | 'metadata' | 'tracking'>

/** Both together; of the same name in metadata `beside` has the word. A reply: that they cannot be kept, and why. */
export function labelled(header: Header, beside: Labelled): Labelled | Reply {
  const said = labelsOf(header)
  if (said.metadata === undefined) return fault('metadata is name=value')
  const isSilent = said.tags.length === 0 && said.metadata.size === 0
  const labels = isSilent ? beside : together(said.tags, said.metadata, beside)
  const wrong = labelFault(labels)
  return wrong === undefined ? labels : fault(wrong)
}

function together(
  tags: readonly string[],
  metadata: ReadonlyMap<string, string>,
  beside: Labelled,
): Labelled {
  return {
    ...beside,
    tags: [...new Set([...tags, ...(beside.tags ?? [])])],
    metadata: { ...Object.fromEntries(metadata), ...beside.metadata },
  }
}

function fault(text: string): Reply {
  return reply(554, '5.6.0', `Tags or metadata cannot be kept: ${text}`)
}
