/** Runs the tools of a check: as steps that speak only when they fail, or as the test runner that speaks all along. */

import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** Arguments for the pinned Node: every tool here is one of its scripts. */
export type Step = { readonly name: string; readonly args: readonly string[] }

/** Runs all, as many at a time as there are cores; prints each step's time, and its output if it failed. */
export async function runSteps(steps: readonly Step[]): Promise<boolean> {
  const queue = [...steps]
  let ok = true
  const worker = async (): Promise<void> => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
      const began = performance.now()
      const { code, output } = await captured(step.args)
      if (code !== 0) ok = false
      console.log(`${code === 0 ? '✔' : '✖'} ${step.name} ${seconds(performance.now() - began)}`)
      if (code !== 0) console.log(output.trimEnd())
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return ok
}

export type TestRun = {
  /** Files, folders or globs. */
  readonly paths: readonly string[]
  /** Flags for the runner itself, e.g. `--test-name-pattern`. */
  readonly flags?: readonly string[]
  /** Milliseconds for one test, and for all of them: a run that hangs is killed and fails. */
  readonly each: number
  readonly all: number
}

/** One process for all files, in random order; ends with the runner's summary on standard output. */
export function runTests({ paths, flags = [], each, all }: TestRun): Promise<boolean> {
  const args = ['--test', '--test-isolation=none', '--test-randomize', `--test-timeout=${each}`]
  args.push('--test-reporter=./scripts/reporter.ts', ...flags, ...paths.map(asGlob))
  return new Promise((settle) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit' })
    const pass = (signal: NodeJS.Signals): boolean => child.kill(signal)
    process.on('SIGTERM', pass)
    // Interrupted, the runner tells what it was doing.
    const late = setTimeout(() => {
      console.error(`tests: they did not end within ${seconds(all)}; a test hangs, or left something open`)
      child.kill('SIGINT')
    }, all)
    const tooLate = setTimeout(() => child.kill('SIGKILL'), all + 5000)
    child.on('error', (error) => console.error(error.message))
    child.on('close', (code) => {
      process.off('SIGTERM', pass)
      clearTimeout(late)
      clearTimeout(tooLate)
      settle(code === 0)
    })
  })
}

function captured(args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((settle) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (chunk: Buffer): void => {
      output += chunk.toString()
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => settle({ code: 127, output: error.message }))
    child.on('close', (code) => settle({ code: code ?? 1, output }))
  })
}

function asGlob(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  return isFolder ? `${path.replace(/\/$/, '')}/**/*.test.ts` : path
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
