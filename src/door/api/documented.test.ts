/** docs/api.md against the operations of the command line and the routes that are served. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { OPERATION_NAMES } from '#product/operation'

import { partsOf } from './api.fixture.ts'
import { PROBLEMS } from './problem.ts'
import { apiOf } from './server.ts'

const DOCUMENT = readFileSync('docs/api.md', 'utf8')

/** `| \`operation\` | cell |` */
function rows(): ReadonlyMap<string, string> {
  const [, section = ''] = DOCUMENT.split('## What the command line does, and the API does\n')
  const lines = (section.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)` \| (.*) \|$/gm)
  return new Map([...lines].map(([, operation = '', cell = '']) => [operation, cell]))
}

async function served(): Promise<ReadonlySet<string>> {
  await using app = await closing()
  await app.ready()
  const { paths = {} } = app.swagger()
  return new Set(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods ?? {}).map((method) => `${method.toUpperCase()} ${path}`),
    ),
  )
}

async function closing() {
  const app = await apiOf(partsOf({}))
  return Object.assign(app, { [Symbol.asyncDispose]: () => app.close() })
}

test('each operation of the command line has routes that are served, or a reason why not', async () => {
  const told = rows()
  assert.deepEqual([...told.keys()].toSorted(), [...OPERATION_NAMES].toSorted())
  const routes = await served()
  for (const [operation, cell] of told) {
    const named = [...cell.matchAll(/`((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`/g)].map(
      ([, route = '']) => route,
    )
    if (named.length === 0) assert.match(cell, /^none: .{20}/, operation)
    for (const route of named) assert.ok(routes.has(route), `${operation}: ${route} is not served`)
  }
})

test('each code of a problem is told', () => {
  for (const [code, { status, title }] of Object.entries(PROBLEMS))
    assert.ok(DOCUMENT.includes(`| \`${code}\` | ${status} | ${title} |`), code)
})
