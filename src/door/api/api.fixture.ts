/** The API without a node: two keys, what was submitted, and requests that need no port. */

import { formatMailbox } from '#grammar/address'
import { memoryLog } from '#platform/log'
import type { MemoryLog } from '#platform/log'
import type { ApiKey, KeyRing } from '#product/account'
import { SCOPES } from '#product/account'
import type { BulkDeliveries, BulkDelivery } from '#product/bulk-delivery'

import type { KeptTemplate } from '#product/template'

import type { ApiParts, App } from './parts.ts'
import { apiOf } from './server.ts'
import type { LetterSubmission, Submission, Submitted } from './submission.ts'

export const NOW = Date.UTC(2026, 10, 22, 9, 0, 0)
export const LIMIT = 256 * 1024

export type Bench = AsyncDisposable & {
  readonly app: App
  readonly submissions: Submission[]
  readonly letters: LetterSubmission[]
  /** The next submissions are answered so; accepted when there is none left. */
  readonly answers: Submitted[]
  readonly logged: MemoryLog
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Told>
  /** By another method; without a body when there is none. */
  ask(method: 'GET' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, key?: string): Promise<Told>
}

export type Told = {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
}

const KEY: ApiKey = {
  id: 'k123456789',
  organization: 'default',
  stream: 'transactional',
  note: '',
  scopes: SCOPES,
  networks: [],
  createdAt: 0,
}

/** Nobody has a session. */
const NO_USERS = { current: () => Promise.resolve(undefined) } as unknown as ApiParts['users']

type Kept = {
  readonly submissions?: Submission[]
  readonly letters?: LetterSubmission[]
  readonly answers?: Submitted[]
  readonly logged?: MemoryLog
}

/** What the API is made of; it listens on any port of loopback. */
export function partsOf({
  submissions = [],
  letters = [],
  answers = [],
  logged = memoryLog(),
}: Kept): ApiParts {
  let made = 0
  return {
    address: '127.0.0.1',
    port: 0,
    bodyLimit: LIMIT,
    trustedProxies: [],
    requests: 0,
    connections: 100,
    headerTimeout: 10_000,
    requestTimeout: 10_000,
    keys: RING,
    submit: async (submission) => {
      submissions.push(submission)
      return answers.shift() ?? { ok: true, id: `0sa94xg7r0${submissions.length % 10}`, skipped: [] }
    },
    submitLetter: async (submission) => {
      letters.push(submission)
      return answers.shift() ?? { ok: true, id: `0sa94xg7r0${letters.length % 10}`, skipped: [] }
    },
    bulk: memoryBulk(),
    templates: memoryTemplates(),
    operations: NO_OPERATIONS,
    // Their routes have scenarios of their own.
    apiKeys: {} as ApiParts['apiKeys'],
    accounts: {} as ApiParts['accounts'],
    users: NO_USERS,
    oidc: { providers: [] } as unknown as ApiParts['oidc'],
    audit: { record: () => Promise.resolve() } as unknown as ApiParts['audit'],
    write: () => Promise.reject(new Error('nobody is written to here')),
    site: () => 'http://localhost',
    linkTo: () => '',
    events: {} as ApiParts['events'],
    counts: {} as ApiParts['counts'],
    domains: {} as ApiParts['domains'],
    doctor: async () => [],
    streams: () => [],
    webhooks: {} as ApiParts['webhooks'],
    wait: () => Promise.reject(new Error('nothing waits here')),
    log: logged,
    version: '0',
    now: () => NOW,
    unique: () => `u${(made += 1)}`,
  }
}

export async function bench(more: Partial<ApiParts> = {}): Promise<Bench> {
  const submissions: Submission[] = []
  const letters: LetterSubmission[] = []
  const answers: Submitted[] = []
  const logged = memoryLog()
  const app = await apiOf({ ...partsOf({ submissions, letters, answers, logged }), ...more })
  return {
    app,
    submissions,
    letters,
    answers,
    logged,
    post: (path, body, headers = {}) => post(app, path, body, headers),
    async ask(method, url, body, key = 'hk_right') {
      const headers = { authorization: `Bearer ${key}`, ...(body !== undefined && JSON_TYPE) }
      const payload = body === undefined ? {} : { payload: JSON.stringify(body) }
      return toldBy(await app.inject({ method, url, headers, ...payload }))
    },
    [Symbol.asyncDispose]: () => app.close(),
  }
}

async function post(
  app: App,
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<Told> {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
  const answer = await app.inject({
    method: 'POST',
    url,
    headers: { authorization: 'Bearer hk_right', ...JSON_TYPE, ...headers },
    payload: isRaw ? body : JSON.stringify(body),
  })
  return toldBy(answer)
}

const JSON_TYPE = { 'content-type': 'application/json' }

function toldBy(answer: Awaited<ReturnType<App['inject']>>): Told {
  return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? {} : answer.json() }
}

const RING: KeyRing = {
  async check(token) {
    if (token === 'hk_right') return { ok: true, key: KEY }
    if (token === 'hk_stranger')
      return { ok: true, key: { ...KEY, id: 'stranger00', organization: 'globex' } }
    if (token === 'hk_reader')
      return { ok: true, key: { ...KEY, id: 'reader0000', scopes: ['messages:read'] } }
    return { ok: false, why: 'unknown' }
  },
  async close() {},
}

/** What the control database would keep. */
function memoryBulk(): BulkDeliveries {
  const rows = new Map<string, BulkDelivery>()
  const put = (name: string, change: Partial<BulkDelivery>): boolean => {
    const row = rows.get(name)
    if (row === undefined) return false
    rows.set(name, { ...row, ...change })
    return true
  }
  const isOpen = (name: string): boolean => rows.get(name)?.state === 'edit'
  return {
    async begin(organization, content) {
      const id = rows.size + 1
      const at = { createdAt: NOW, updatedAt: NOW }
      rows.set(`${organization} ${id}`, { id, content, recipients: [], state: 'edit', ...at })
      return id
    },
    find: async (organization, id) => rows.get(`${organization} ${id}`),
    edit: async (organization, id, change) =>
      isOpen(`${organization} ${id}`) && put(`${organization} ${id}`, change),
    async progress(organization, id, progress) {
      put(`${organization} ${id}`, structuredClone(progress))
    },
    remove: async (organization, id) =>
      isOpen(`${organization} ${id}`) && rows.delete(`${organization} ${id}`),
    tidy: async () => 0,
  }
}

/** By name, whatever the organization: only who looks is told apart. */
function memoryTemplates(): ApiParts['templates'] {
  const kept = new Map<string, KeptTemplate>()
  const at = { createdAt: NOW, updatedAt: NOW }
  return {
    async add(organization, name, { source, note }) {
      const template = { name, note, version: 1, source, ...at }
      kept.set(`${organization} ${name}`, template)
      return template
    },
    list: async (organization) =>
      [...kept].filter(([key]) => key.startsWith(`${organization} `)).map(([, template]) => template),
    show: async (organization, name) => kept.get(`${organization} ${name}`),
    versions: async () => [],
    change: async () => undefined,
    remove: async (organization, name) => kept.delete(`${organization} ${name}`),
  }
}

export const NO_OPERATIONS: ApiParts['operations'] = {
  messages: async () => [],
  message: async () => null,
  explain: async () => null,
  change: async () => ({ count: 0 }),
  suppressions: async () => [],
  suppressionAdd: async () => [],
  suppressionRemove: async () => [],
} as unknown as ApiParts['operations']

export const SIMPLE = { from: 'shop@example.org', to: 'user@example.com', subject: 'Hello', text: 'Hi' }

export function recipientsOf({ to }: Submission): readonly string[] {
  return to.map(formatMailbox)
}

export function pointersOf({ body }: Told): readonly string[] {
  const errors = body['errors'] as readonly { pointer: string }[] | undefined
  return (errors ?? []).map(({ pointer }) => pointer).toSorted()
}

/** A part of a form; with a name it is a file. */
export type FormPart = {
  readonly field: string
  readonly content: string | Buffer
  readonly name?: string
  readonly type?: string
}

/** The body and its Content-Type. RFC 7578 §4 */
export function form(parts: readonly FormPart[]): { readonly body: Buffer; readonly type: string } {
  const boundary = 'frontier'
  const pieces = parts.flatMap(({ field, content, name, type }) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${field}"`,
    name === undefined ? '' : `; filename="${name}"`,
    type === undefined ? '' : `\r\nContent-Type: ${type}`,
    '\r\n\r\n',
    content,
    '\r\n',
  ])
  const body = Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)))
  return { body, type: `multipart/form-data; boundary=${boundary}` }
}
