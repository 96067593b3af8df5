/** A stream of server-sent events, read as they come. HTML §9.2.6 */

export type ServerSentEvent = {
  /** Where to go on after it: what Last-Event-ID says when the stream is opened again. */
  readonly id: string
  /** Absent: only the place has changed. */
  readonly data?: string
}

/** Characters of one event: beyond that the stream is none of ours. */
const LONGEST = 4_000_000

/** Ends with the body. @throws {Error} at an event that does not end */
export async function* serverSentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let id = ''
  let data: string[] = []
  for await (const line of linesOf(body)) {
    const [field, text] = fieldOf(line)
    if (field === 'id') id = text
    if (field === 'data') data.push(text)
    if (line !== '') continue
    yield { id, ...(data.length > 0 && { data: data.join('\n') }) }
    data = []
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      rest += decoder.decode(value, { stream: true })
      if (rest.length > LONGEST) throw new Error('an event without end')
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** A comment has no name. */
function fieldOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':')
  if (colon < 0) return [line, '']
  const value = line.slice(colon + 1)
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value]
}
