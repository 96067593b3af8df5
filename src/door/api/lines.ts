/** Lines of a body that is read while it comes. Of text that ends in the middle of a line, that line is one too. */

import { Problem } from './problem.ts'

const LF = 0x0a

/**
 * Lines without their ends, as many as each read brings; empty ones are among them, so that they can be counted.
 * @throws {Problem} `too-large` for one of more octets than `limit`, which is asked before each
 */
export async function* linesOf(
  body: AsyncIterable<Uint8Array>,
  limit: () => number,
): AsyncGenerator<readonly string[]> {
  let rest: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    const lines: string[] = []
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    let start = 0
    for (let feed = bytes.indexOf(LF); feed >= 0; feed = bytes.indexOf(LF, start)) {
      const end = bytes.subarray(start, feed)
      lines.push(rest.length === 0 ? end.toString() : Buffer.concat([...rest, end]).toString())
      rest = []
      size = 0
      start = feed + 1
    }
    if (start < bytes.length) rest.push(bytes.subarray(start))
    size += bytes.length - start
    if (lines.length > 0) yield lines
    if (size > limit()) throw new Problem('too-large', `A line has ${limit()} octets at most.`)
  }
  if (rest.length > 0) yield [Buffer.concat(rest).toString()]
}
