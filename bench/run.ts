/**
 * `npm run bench -- [--quick] [--json]`: Hikyaku and a private Postfix relay the same mail by the same load programs on
 * this machine, in one run; with `--scale` Hikyaku alone keeps very much at a time, with `--api` it takes in what comes by
 * HTTP. docs/bench.md says what is measured and how. It ends whatever it has started.
 */

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { API, API_QUICK, api, apiText } from './api/api.ts'
import type { ApiRow, ApiSize } from './api/api.ts'
import { startHikyaku } from './hikyaku.ts'
import { BODY, SESSIONS, startSink } from './load.ts'
import { Course } from './course.ts'
import type { Effort } from './course.ts'
import { circumstances } from './machine.ts'
import type { Circumstances } from './machine.ts'
import { startPostfix } from './postfix.ts'
import { Unavailable, postfixPackage } from './postfix-package.ts'
import { COUNTED_BY } from './process-group.ts'
import { profile, profileText } from './profile.ts'
import type { Profile } from './profile.ts'
import { RELAYS, rowsOf, tableOf } from './rows.ts'
import type { RelayName, Round, Row } from './rows.ts'
import { SCALE, SCALE_QUICK, SCALE_ROWS, scale, scaleText } from './scale/scale.ts'
import type { ScaleRow, ScaleSize } from './scale/scale.ts'

const CACHE = join(import.meta.dirname, '..', '.cache', 'postfix')

/** Exit codes of sysexits(3): EX_USAGE, EX_UNAVAILABLE. */
const EXIT = { usage: 64, unavailable: 69 } as const

const QUICK: Effort = { rounds: 1, seconds: 2.5, patience: 0, compiling: 6_000 }
const FULL: Effort = { rounds: 3, seconds: 10, patience: 30, compiling: 30_000 }

type Result = Circumstances & {
  readonly rows: readonly Row[]
  readonly effort: Effort
  readonly sessions: number
  readonly bodyOctets: number
  readonly postfix: string
  readonly cpuCountedBy: typeof COUNTED_BY
  readonly seconds: number
}

type Options = {
  readonly effort: Effort
  readonly json: boolean
  readonly directory: string
  /** Profile this instead. */
  readonly profile: RelayName | undefined
  /** Measure scale instead, all rows or one. */
  readonly scale: { readonly size: ScaleSize; readonly only: string | undefined } | undefined
  /** Measure the HTTP API instead. */
  readonly api: ApiSize | undefined
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const options = optionsOf(args)
  if (options === undefined) return EXIT.usage
  // Leaving is enough: process-group.ts kills on exit what has been started.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
  try {
    if (options.api !== undefined) {
      const { rows, ...around } = await measureApi(options, options.api)
      console.log(options.json ? JSON.stringify({ rows, ...around }) : forPeople(apiText(rows), around))
    } else if (options.scale !== undefined) {
      const { rows, ...around } = await measureScale(options, options.scale)
      console.log(options.json ? JSON.stringify({ rows, ...around }) : forPeople(scaleText(rows), around))
    } else if (options.profile === undefined) {
      const { rows, ...around } = await measure(options)
      console.log(options.json ? JSON.stringify({ rows, ...around }) : forPeople(tableOf(rows), around))
    } else {
      const result = await profileOne(options, options.profile)
      console.log(options.json ? JSON.stringify(result) : profileText(result))
    }
    return 0
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    console.error(`bench: ${error.message}`)
    return EXIT.unavailable
  }
}

function optionsOf(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        directory: { type: 'string', default: tmpdir() },
        profile: { type: 'string' },
        scale: { type: 'boolean', default: false },
        row: { type: 'string' },
        api: { type: 'boolean', default: false },
      },
    })
    const usual = values.quick ? QUICK : FULL
    const effort = {
      rounds: positive('rounds', values.rounds, usual.rounds),
      seconds: positive('seconds', values.seconds, usual.seconds),
      patience: usual.patience,
      compiling: usual.compiling,
    }
    const name = RELAYS.find((relay) => relay === values.profile)
    if (name !== values.profile) throw new Error(`--profile must be one of ${RELAYS.join(', ')}`)
    if (values.row !== undefined && !SCALE_ROWS.includes(values.row))
      throw new Error(`--row must be one of ${SCALE_ROWS.join(', ')}`)
    const size = values.quick ? SCALE_QUICK : SCALE
    const scaled = values.scale ? { size, only: values.row } : undefined
    const apiSize = values.api ? (values.quick ? API_QUICK : API) : undefined
    const { json, directory } = values
    return { effort, json, directory, profile: name, scale: scaled, api: apiSize }
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
    console.error(
      'usage: bench [--quick] [--json] [--rounds N] [--seconds N] [--directory DIR] [--profile ROW | --scale [--row ROW] | --api]',
    )
    return undefined
  }
}

function positive(name: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given)
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not ${given}`)
  return value
}

async function measure({ effort, directory }: Options): Promise<Result> {
  const began = performance.now()
  const from = postfixPackage(CACHE)
  await using resources = new AsyncDisposableStack()
  const workplace = workplaceIn(directory, resources)
  const around = circumstances(workplace)
  const place = (name: string): string => {
    mkdirSync(join(workplace, name))
    return join(workplace, name)
  }
  const sink = async (): ReturnType<typeof startSink> => resources.use(await startSink(from, workplace))
  const postfix = resources.use(await startPostfix(from, place('postfix'), await sink()))
  const hikyaku = resources.use(await startHikyaku(place('hikyaku'), await sink()))
  const mx = resources.use(await startHikyaku(place('hikyaku-mx'), await sink(), { by: 'mx' }))
  const rounds: Round[] = []
  const course = new Course(from, { hikyaku, 'hikyaku-mx': mx, postfix }, effort)
  while (rounds.length < effort.rounds) rounds.push(await course.round(rounds.length % 2 === 1))
  return {
    rows: rowsOf(rounds),
    ...around,
    effort,
    sessions: SESSIONS,
    bodyOctets: BODY,
    postfix: from.version,
    cpuCountedBy: COUNTED_BY,
    seconds: Math.round((performance.now() - began) / 1000),
  }
}

async function measureScale(
  { directory }: Options,
  { size, only }: NonNullable<Options['scale']>,
): Promise<
  Circumstances & { readonly rows: readonly ScaleRow[]; readonly size: ScaleSize; readonly seconds: number }
> {
  const began = performance.now()
  await using resources = new AsyncDisposableStack()
  const workplace = workplaceIn(directory, resources)
  const around = circumstances(workplace)
  const rows = await scale(size, workplace, only)
  return { rows, ...around, size, seconds: Math.round((performance.now() - began) / 1000) }
}

async function measureApi(
  { directory }: Options,
  size: ApiSize,
): Promise<
  Circumstances & { readonly rows: readonly ApiRow[]; readonly size: ApiSize; readonly seconds: number }
> {
  const began = performance.now()
  await using resources = new AsyncDisposableStack()
  const workplace = workplaceIn(directory, resources)
  const around = circumstances(workplace)
  const rows = await api(size, workplace, CACHE)
  return { rows, ...around, size, seconds: Math.round((performance.now() - began) / 1000) }
}

async function profileOne({ effort, directory }: Options, name: RelayName): Promise<Circumstances & Profile> {
  const from = postfixPackage(CACHE)
  await using resources = new AsyncDisposableStack()
  const workplace = workplaceIn(directory, resources)
  const around = circumstances(workplace)
  const place = { directory: workplace, patience: effort.patience, messages: effort.seconds * 2000 }
  return { ...around, ...(await profile(from, name, place)) }
}

/** A directory that goes when `resources` do, or else with this process. */
function workplaceIn(directory: string, resources: AsyncDisposableStack): string {
  const workplace = mkdtempSync(join(directory, 'hikyaku-bench-'))
  // Postfix goes in as another user.
  chmodSync(workplace, 0o755)
  const remove = (): void => rmSync(workplace, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', remove)
  resources.defer(remove)
  return workplace
}

function forPeople(table: string, around: object): string {
  const lines = Object.entries(around).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  return `${table}\n\n${lines.join('\n')}`
}
