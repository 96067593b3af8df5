/** Holds client/ to the description of the API, from which its methods and types are made. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'

import { format } from 'oxfmt'

import { partsOf } from '../src/door/api/api.fixture.ts'
import { apiOf } from '../src/door/api/server.ts'

import { clientOf } from './client.ts'
import type { Description } from './client.ts'

const TYPES = 'client/src/schema.ts'
const METHODS = 'client/src/api.ts'
const STYLE = '.oxfmtrc.json'

export async function writeClient(): Promise<void> {
  for (const [path, text] of await made()) writeFileSync(path, text)
}

export async function checkClient(): Promise<string[]> {
  const stale = [...(await made())].filter(
    ([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text,
  )
  return stale.map(
    ([path]) => `${path}: differs from the API; npm run documents -- --write brings it up to date`,
  )
}

/** By path. */
async function made(): Promise<ReadonlyMap<string, string>> {
  // Nothing is asked of it.
  const app = await apiOf(partsOf({}))
  await app.ready()
  const { types, methods } = clientOf(app.swagger() as unknown as Description)
  await app.close()
  return new Map([
    [TYPES, await formatted(TYPES, types)],
    [METHODS, await formatted(METHODS, methods)],
  ])
}

async function formatted(path: string, text: string): Promise<string> {
  const style = JSON.parse(readFileSync(STYLE, 'utf8')) as Parameters<typeof format>[2]
  const { code, errors } = await format(path, text, style)
  if (errors.length > 0) throw new Error(`${path} cannot be read: ${errors[0]?.message}`)
  return code
}
