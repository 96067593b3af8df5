/** The typed client of the API, as text: a method for each route, and a type for what it takes and gives. */

import { Types } from './client-types.ts'
import type { Schema } from './client-types.ts'

export type Description = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> }
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>

type Parameter = {
  readonly in: string
  readonly name: string
  readonly required?: boolean
  readonly description?: string
  readonly schema?: Schema
}

type Operation = {
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

type Route = Operation & { readonly method: string; readonly path: string; readonly name: string }

/** Ours alone: the forms of others have clients of their own. */
const OURS = '/v1/'

const MADE = `/* oxlint-disable max-lines -- made whole, read by the name */
/** Made by \`npm run documents -- --write\` from the description of the API: change that. */
`

export type ClientText = { readonly types: string; readonly methods: string }

/** @throws {Error} when a route has no name, or two have one */
export function clientOf(description: Description): ClientText {
  const types = new Types()
  const problem = description.components?.schemas?.['Problem']
  if (problem !== undefined) types.of(problem)
  const methods = routesOf(description).map((route) => methodsOf(route, types))
  const body = [
    '/** The HTTP API of a node, by a key or as who has signed in. */',
    'export class Hikyaku {',
    'readonly #transport: Transport',
    '',
    'constructor(options: HikyakuOptions) {',
    'this.#transport = new Transport(options)',
    '}',
    ...methods.flatMap((text) => ['', text]),
    '}',
  ].join('\n')
  const declared = types.declared()
  const used = declared.map(({ name }) => name).filter((name) => new RegExp(`\\b${name}\\b`).test(body))
  const imports = [
    `import type { ${used.join(', ')} } from './schema.ts'`,
    "import { Transport } from './transport.ts'",
    "import type { HikyakuOptions, RequestOptions } from './transport.ts'",
  ]
  const alias = problem === undefined ? [] : ["export type ProblemCode = Problem['code']"]
  return {
    types: [MADE, ...alias, ...declared.map(({ text }) => text), ''].join('\n\n'),
    methods: [MADE, imports.join('\n'), body, ''].join('\n\n'),
  }
}

function routesOf({ paths }: Description): readonly Route[] {
  const routes = Object.entries(paths)
    .filter(([path]) => path.startsWith(OURS))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([verb, operation]) => {
        const { operationId: name } = operation
        if (name === undefined) throw new Error(`${verb} ${path} has no operationId`)
        return { ...operation, method: verb.toUpperCase(), path, name }
      }),
    )
  const names = routes.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new Error(`two routes are called ${twice}`)
  return routes.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

type Argument = { readonly name: string; readonly type: string; readonly isOptional: boolean }

function methodsOf(route: Route, types: Types): string {
  const answer = answerOf(route, types)
  const { list, ask } = argumentsOf(route, types)
  const one = method(route, { ...answer, list, ask })
  if (answer.row === undefined || answer.kind !== 'json') return one
  const all = { name: `${route.name}All`, summary: `${route.summary ?? route.name}: of all pages` }
  const given = { kind: 'pages', type: `AsyncGenerator<${answer.row}, void, undefined>`, row: answer.row }
  return `${one}\n\n${method({ ...route, ...all }, { ...given, list, ask })}`
}

type Method = {
  readonly list: readonly Argument[]
  readonly ask: string
  readonly kind: string
  /** Of what it returns. */
  readonly type: string
  /** What each step of a loop gives. */
  readonly row?: string | undefined
}

function method({ name, summary = name }: Pick<Route, 'name' | 'summary'>, one: Method): string {
  const { list, ask, kind, type, row } = one
  const isLoop = kind === 'pages' || kind === 'follow'
  const argument = isLoop ? `<${row}>` : kind === 'json' ? `<${typeOfPromise(type)}>` : ''
  const written = [...list, { name: 'options', type: 'RequestOptions', isOptional: true }]
  const parameters = written.map((each) => `${each.name}${each.isOptional ? '?' : ''}: ${each.type}`)
  return [
    `/** ${summary.replaceAll('*/', '* /')} */`,
    `${name}(${parameters.join(', ')}): ${type} {`,
    `return this.#transport.${kind}${argument}(${ask}, options)`,
    '}',
  ].join('\n')
}

function typeOfPromise(type: string): string {
  return type.replace(/^Promise<([^]*)>$/, '$1')
}

type Answer = { readonly kind: string; readonly type: string; readonly row?: string | undefined }

function answerOf({ name, responses }: Route, types: Types): Answer {
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  const stream = good[0]?.[1].content?.['text/event-stream']?.schema
  if (stream !== undefined) {
    const row = types.of(stream)
    return { kind: 'follow', type: `AsyncGenerator<${row}, void, undefined>`, row }
  }
  const schemas = good.flatMap(([, { content }]) => content?.['application/json']?.schema ?? [])
  if (schemas.length > 0) {
    const [only] = schemas.length === 1 ? schemas : []
    const shown =
      only === undefined ? schemas.map((one) => types.of(one)) : [types.named(`${upper(name)}Answer`, only)]
    return { kind: 'json', type: `Promise<${[...new Set(shown)].join(' | ')}>`, row: rowOf(schemas, types) }
  }
  const isNothing = good.every(([status]) => status === '204')
  return isNothing ? { kind: 'nothing', type: 'Promise<void>' } : { kind: 'text', type: 'Promise<string>' }
}

/** Of a page, which has rows and where the next one begins. */
function rowOf([schema, ...others]: readonly Schema[], types: Types): string | undefined {
  const { data, next } = schema?.properties ?? {}
  if (others.length > 0 || next === undefined || data?.items === undefined) return undefined
  return types.of(data.items)
}

/** What the path needs and what is asked for in one object; with a body, that stands between the two. */
function argumentsOf(
  route: Route,
  types: Types,
): { readonly list: readonly Argument[]; readonly ask: string } {
  const { parameters = [], requestBody, method: verb, path, name } = route
  const inPath = parameters.filter((one) => one.in === 'path')
  const inQuery = parameters.filter((one) => one.in === 'query')
  const body = requestBody && bodyType(name, requestBody.content, types)
  const ask = [`method: '${verb}'`, `path: ${pathOf(path)}`]
  const list: Argument[] = []
  if (body === undefined) {
    const all = [...inPath, ...inQuery]
    if (all.length > 0) list.push(objectOf(name, 'params', all, types))
    if (inQuery.length > 0) ask.push(`query: ${queryOf(inPath, inQuery)}`)
  } else {
    if (inPath.length > 0) list.push(objectOf(name, 'params', inPath, types))
    list.push({ name: 'body', type: body, isOptional: false })
    if (inQuery.length > 0) list.push(objectOf(name, 'query', inQuery, types))
    ask.push('body', ...textType(requestBody?.content ?? {}), ...(inQuery.length > 0 ? ['query'] : []))
  }
  if (parameters.some((one) => one.in === 'header' && one.name === 'Idempotency-Key'))
    ask.push('takesKey: true')
  return { list, ask: `{ ${ask.join(', ')} }` }
}

/** Of a body that is text, which does not show what it is. */
function textType(content: Content): readonly string[] {
  const text = Object.keys(content).find((type) => type.startsWith('text/'))
  return text === undefined ? [] : [`textType: '${text}'`]
}

/** `{id}` in a path is a value of its own, whatever it is made of. */
function pathOf(path: string): string {
  if (!path.includes('{')) return `'${path}'`
  return `\`${path.replaceAll(/\{(\w+)\}/g, '${encodeURIComponent(params.$1)}')}\``
}

/** Without what went into the path. */
function queryOf(inPath: readonly Parameter[], inQuery: readonly Parameter[]): string {
  if (inPath.length === 0) return 'params'
  return `{ ${inQuery.map(({ name }) => `${name}: params.${name}`).join(', ')} }`
}

function objectOf(
  route: string,
  name: 'params' | 'query',
  parameters: readonly Parameter[],
  types: Types,
): Argument {
  const required = parameters.filter((one) => one.required === true).map((one) => one.name)
  const properties = Object.fromEntries(
    parameters.map(({ name: key, schema = {}, description }) => [
      key,
      description === undefined ? schema : { ...schema, description },
    ]),
  )
  const schema = { type: 'object', required, properties }
  const isOne = parameters.length === 1
  return {
    name,
    type: isOne ? types.of(schema) : types.named(`${upper(route)}${upper(name)}`, schema),
    isOptional: required.length === 0,
  }
}

function upper(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** What streams line by line is left to who streams it: every route that takes lines takes a whole body as well. */
const LINES = 'application/x-ndjson'

function bodyType(name: string, content: Content, types: Types): string {
  const whole = Object.entries(content).filter(([type]) => type !== LINES)
  if (whole.length === 0) throw new Error(`no client sends ${Object.keys(content).join(', ')} alone`)
  const all = whole.map(([type, { schema = {} }]) => {
    switch (type) {
      case 'application/json':
        return types.named(`${upper(name)}Body`, schema)
      case 'multipart/form-data':
        return 'FormData'
      case 'message/rfc822':
        return 'Uint8Array'
      default:
        if (type.startsWith('text/')) return 'string'
        throw new Error(`no client sends ${type}`)
    }
  })
  return [...new Set(all)].join(' | ')
}
