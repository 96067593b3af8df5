/**
 * Which unit tests could end otherwise than when they last passed: those that reach a file which has changed since.
 * What a test reaches by other ways than imports counts as a whole: a test that starts programs is always run, and a
 * changed file that is no code (rules, dialogues, the lockfile) means all tests. `npm test` and a fresh clone run all.
 */

import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, posix } from 'node:path'

import { importsOf } from './tree.ts'

const PASSED = 'node_modules/.cache/passed.json'

const CODE = ['src/**/*.ts', 'scripts/**/*.{ts,mjs}', 'test/**/*.ts', 'bench/**/*.ts']
const OTHERS = ['src/**/*', 'shaping/*', 'bin/*', 'test/**/*', 'package-lock.json', 'tsconfig.json']

const STARTS_PROGRAMS = /\b(?:spawn|spawnSync|execFile|execFileSync|runProgram)\(/

/** What a test depends on, as one text; `undefined` for a test that is always run. */
export type Digests = ReadonlyMap<string, string | undefined>

/** Of these test files, as they are now. */
export function digestsOf(tests: readonly string[]): Digests {
  const texts = new Map(
    CODE.flatMap((glob) => globSync(glob)).map((path) => [path, readFileSync(path, 'utf8')]),
  )
  const common = digest(
    OTHERS.flatMap((glob) => globSync(glob, { withFileTypes: true }))
      .filter((entry) => entry.isFile() && !/\.(?:ts|mjs)$/.test(entry.name))
      .map((entry) => posix.join(entry.parentPath, entry.name))
      .toSorted()
      .map((path) => `${path} ${digest(readFileSync(path))}`)
      .join('\n'),
  )
  const own = new Map(Array.from(texts, ([path, text]) => [path, digest(text)]))
  const next = new Map(Array.from(texts, ([path, text]) => [path, reached(path, text, texts)]))
  return new Map(
    tests.map((test) => {
      const all = closure(test, next)
      const isClosed = all.every(
        (path) => !STARTS_PROGRAMS.test(texts.get(path) ?? '') || path.startsWith('src/platform'),
      )
      return [
        test,
        isClosed ? digest([common, ...all.map((path) => `${path} ${own.get(path)}`)].join('\n')) : undefined,
      ]
    }),
  )
}

/** Those that have to be run. */
export function affected(now: Digests): readonly string[] {
  const before = passedBefore()
  return [...now].filter(([test, is]) => is === undefined || before[test] !== is).map(([test]) => test)
}

/** To be told when these have passed. */
export function passed(tests: readonly string[], now: Digests): void {
  const all = { ...passedBefore(), ...Object.fromEntries(tests.map((test) => [test, now.get(test)])) }
  mkdirSync(dirname(PASSED), { recursive: true })
  writeFileSync(PASSED, JSON.stringify(all))
}

function passedBefore(): Record<string, string | undefined> {
  try {
    return JSON.parse(readFileSync(PASSED, 'utf8')) as Record<string, string>
  } catch {
    // Never run here, or not written to its end: everything is to be run.
    return {}
  }
}

function reached(path: string, text: string, texts: ReadonlyMap<string, string>): readonly string[] {
  return importsOf(text)
    .map((spec) =>
      spec.startsWith('#') ? `src/${spec.slice(1)}/index.ts` : posix.join(posix.dirname(path), spec),
    )
    .filter((other) => texts.has(other))
}

function closure(test: string, next: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found = new Set([test])
  for (const path of found) for (const other of next.get(path) ?? []) found.add(other)
  return [...found].toSorted()
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64')
}
