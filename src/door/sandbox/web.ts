/** The sandbox's own small web server: pages for people, JSON for programs. It is for this machine, and has no login. */

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { isIP } from 'node:net'

import { digestOf, fieldsOf, search } from './digest.ts'
import type { Inbox, Received } from './inbox.ts'
import type { Markup } from './markup.ts'
import { helpPage, listPage, messagePage } from './page.ts'
import type { Frame } from './page.ts'
import { chooseLanguage } from './words.ts'

const PER_PAGE = 50
const MAX_LIMIT = 1_000

type Answer = {
  readonly status: number
  readonly type?: string
  readonly body?: string | Buffer
  readonly headers?: { readonly [name: string]: string }
}

const notFound: Answer = { status: 404, type: 'text/plain; charset=utf-8', body: 'Not found\n' }
const notAllowed: Answer = { status: 405, headers: { allow: 'GET, HEAD, DELETE' } }
const deleted: Answer = { status: 204 }

export async function startWeb(port: number, inbox: Inbox): Promise<Server> {
  const server = createServer((request, response) => send(request, response, answer(request, inbox)))
  server.headersTimeout = 10_000
  server.requestTimeout = 10_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  server.removeAllListeners('error')
  return server
}

function answer(request: IncomingMessage, inbox: Inbox): Answer {
  // A page elsewhere that resolves its own name to this address must not read mail: names are not ours, addresses are.
  if (!isOurHost(request.headers.host)) return { status: 421 }
  const url = URL.parse(request.url ?? '/', 'http://localhost')
  if (url === null) return notFound
  const { method } = request
  if (method === 'GET' || method === 'HEAD') return get(url, request, inbox)
  return method === 'DELETE' ? remove(url, inbox) : notAllowed
}

function isOurHost(host: string | undefined): boolean {
  const [, bracketed, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host ?? '') ?? []
  return isIP(bracketed ?? name) !== 0 || name === 'localhost'
}

function get(url: URL, request: IncomingMessage, inbox: Inbox): Answer {
  const [first = '', id, last] = url.pathname.slice(1).split('/')
  if (first === '' || first === 'help' || first === 'message') return page(url, request, inbox)
  if (first !== 'messages') return notFound
  if (id === undefined) return json(list(url, inbox))
  const message = find(id, inbox)
  if (message === undefined) return notFound
  if (last === 'raw') return { status: 200, type: 'text/plain; charset=utf-8', body: message.raw }
  return last === undefined ? json(detail(message)) : notFound
}

function page(url: URL, request: IncomingMessage, inbox: Inbox): Answer {
  const language = chooseLanguage(
    url.searchParams.get('lang') ?? cookie(request),
    request.headers['accept-language'],
  )
  const frame: Frame = { language, nonce: randomBytes(16).toString('base64'), path: url.pathname }
  const [first, id = ''] = url.pathname.slice(1).split('/')
  if (first === 'help') return html(frame, helpPage(frame))
  if (first === '') return html(frame, listPage(frame, listing(url, inbox)))
  const message = find(id, inbox)
  return message === undefined ? notFound : html(frame, messagePage(frame, message))
}

function listing(url: URL, inbox: Inbox): Parameters<typeof listPage>[1] {
  const query = (url.searchParams.get('q') ?? '').trim()
  const found = search(inbox.all(), query)
  const pages = Math.ceil(found.length / PER_PAGE)
  const wanted = Math.min(integer(url, 'page', 0), Math.max(0, pages - 1))
  const messages = found.slice(wanted * PER_PAGE, (wanted + 1) * PER_PAGE)
  return { messages, total: found.length, query, page: wanted, pages, last: inbox.last }
}

function list(url: URL, inbox: Inbox): unknown {
  const found = search(inbox.all(), (url.searchParams.get('q') ?? '').trim())
  const offset = integer(url, 'offset', 0)
  const limit = Math.min(MAX_LIMIT, integer(url, 'limit', PER_PAGE))
  const messages = found.slice(offset, offset + limit).map(digestOf)
  return { total: found.length, accepted: inbox.accepted, last: inbox.last, messages }
}

function detail(message: Received): unknown {
  return { ...digestOf(message), envelope: message.envelope, headers: fieldsOf(message.raw) }
}

function remove(url: URL, inbox: Inbox): Answer {
  const [first, id, more] = url.pathname.slice(1).split('/')
  if (first !== 'messages' || more !== undefined) return notFound
  if (id === undefined) {
    inbox.clear()
    return deleted
  }
  return find(id, inbox) !== undefined && inbox.remove(Number(id)) ? deleted : notFound
}

function find(id: string, inbox: Inbox): Received | undefined {
  return /^\d{1,15}$/.test(id) ? inbox.get(Number(id)) : undefined
}

function integer(url: URL, name: string, otherwise: number): number {
  const text = url.searchParams.get(name) ?? ''
  return /^\d{1,9}$/.test(text) ? Number(text) : otherwise
}

function cookie(request: IncomingMessage): string | null {
  return /(?:^|; )lang=(en|ja)/.exec(request.headers.cookie ?? '')?.[1] ?? null
}

function json(value: unknown): Answer {
  return { status: 200, type: 'application/json; charset=utf-8', body: JSON.stringify(value) }
}

function html({ nonce, language }: Frame, { html: body }: Markup): Answer {
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`
  const headers = {
    'content-security-policy': policy,
    'set-cookie': `lang=${language}; SameSite=Strict; Path=/`,
  }
  return { status: 200, type: 'text/html; charset=utf-8', body, headers }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body, headers }: Answer,
): void {
  response.writeHead(status, {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    // What is not a page of ours, such as a message's source, runs nothing even if a browser takes it for one.
    'content-security-policy': "default-src 'none'; sandbox",
    ...(type === undefined ? {} : { 'content-type': type }),
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
