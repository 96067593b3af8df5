/** Runs the pinned Node on one of this project's scripts or tools. */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'

export type Run = {
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Its output goes where ours goes, as it comes. Otherwise it is collected. */
  readonly live?: boolean
  /** Milliseconds after which it is interrupted, and soon killed. */
  readonly within?: number
  /** Takes what it sends. */
  readonly told?: (message: unknown) => void
}

export type Ended = { readonly code: number; readonly output: string }

/** Milliseconds for last words: who is interrupted tells what it was doing. */
const LAST_WORDS = 5000

/** Half the time of a short run is compiling what has not changed since the run before. */
const CACHE = join(import.meta.dirname, '..', 'node_modules', '.cache', 'node-compile')

export function run({ args, env, live = false, within, told }: Run): Promise<Ended> {
  return new Promise((settle) => {
    const out = live ? 'inherit' : 'pipe'
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', out, out, ...(told ? (['ipc'] as const) : [])],
      env: { NODE_COMPILE_CACHE: CACHE, ...process.env, ...env },
    })
    let output = ''
    const keep = (chunk: Buffer | string): void => {
      output += String(chunk)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    if (told) child.on('message', told)
    const pass = (signal: NodeJS.Signals): boolean => child.kill(signal)
    process.on('SIGTERM', pass)
    const timers = within === undefined ? [] : deadline(child, within)
    child.on('error', (error) => settle({ code: 127, output: error.message }))
    child.on('close', (code) => {
      process.off('SIGTERM', pass)
      for (const timer of timers) clearTimeout(timer)
      settle({ code: code ?? 1, output })
    })
  })
}

function deadline(child: ChildProcess, within: number): NodeJS.Timeout[] {
  return [
    setTimeout(() => child.kill('SIGINT'), within),
    setTimeout(() => child.kill('SIGKILL'), within + LAST_WORDS),
  ]
}
