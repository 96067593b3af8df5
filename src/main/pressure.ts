/** Whether the process uses so much memory that it must take nothing in, while it goes on sending. */

import { totalmem } from 'node:os'

/** How old an answer may be, in ms: asking the kernel costs 20 µs, and MAIL comes thousands of times a second. */
const AGE = 1_000

/** Gives a function that says why not, or `undefined`. `share` is of what the container or the machine has. */
export function memoryPressure(
  share: () => number,
  resident: () => number = () => process.memoryUsage.rss(),
  available: number = process.constrainedMemory() || totalmem(),
  now: () => number = () => performance.now(),
): () => string | undefined {
  let asked = -Infinity
  let answer: string | undefined
  return () => {
    if (now() - asked < AGE) return answer
    asked = now()
    // A container without a limit reports a number beyond any machine.
    const limit = Math.min(available, totalmem()) * share()
    const octets = asks(resident)
    if (octets === undefined) return answer
    answer = octets > limit ? `memory: ${mebi(octets)} MiB of at most ${mebi(limit)} are in use` : undefined
    return answer
  }
}

/** The kernel is asked through a file: without a descriptor left it says nothing, and what was known before holds. */
function asks(resident: () => number): number | undefined {
  try {
    return resident()
  } catch {
    return undefined
  }
}

function mebi(octets: number): number {
  return Math.round(octets / 1_048_576)
}
