/** The steps of a check, run side by side: each says how it ended and what it took, and shows its output whole. */

import { run } from './child.ts'

export type Step = {
  readonly name: string
  readonly run: () => Promise<Result>
}

export type Result = {
  readonly ok: boolean
  /** What the reader should see; nothing is fine. */
  readonly output: string
}

/** A tool that has something to say only when it fails. */
export function tool(name: string, args: readonly string[], env?: NodeJS.ProcessEnv): Step {
  return {
    name,
    run: async () => {
      const { code, output } = await run({ args, ...(env && { env }) })
      return { ok: code === 0, output: code === 0 ? '' : output }
    },
  }
}

/** Begins the steps in their order, `width` at a time. Whether all of them are well. */
export async function runSteps(steps: readonly Step[], width: number): Promise<boolean> {
  const queue = [...steps]
  let allWell = true
  const worker = async (): Promise<void> => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
      const began = performance.now()
      const { ok, output } = await step.run()
      allWell &&= ok
      console.log(`${ok ? '✔' : '✖'} ${step.name} ${seconds(performance.now() - began)}`)
      if (output.trim() !== '') console.log(output.trimEnd())
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
  return allWell
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
