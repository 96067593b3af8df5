/**
 * Every route of the API, as its own document has them, so that none is forgotten: called without a credential, by
 * another organization that names our things, by each role, and by keys of one scope each.
 */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { OPERATOR_SCOPES, SCOPES } from '#product/account'
import { ROLES, scopesOf } from '#product/user'

import { describedRoutes, mistakes } from './described.ts'
import type { Route } from './described.ts'
import { member, owner } from './people.ts'
import type { Person } from './people.ts'
import { Rig } from './rig.ts'

/** Stands in what belongs to an organization, and in nothing that a stranger asks. */
const SECRET = 'quagga'

/** What one organization has, by the place in a path that names it. */
type Things = { readonly [place: string]: string }

type Organization = {
  readonly name: string
  readonly owner: Person
  readonly domain: string
  readonly things: Things
}

type Called = { readonly status: number; readonly text: string; readonly body: unknown }

type Caller = { readonly headers: Record<string, string>; readonly scopes: readonly string[] }

const NOWHERE = 'ffffffffffffffffffff'

/** Names of things that no scenario here makes: their routes answer 404. */
const ABSENT: Things = {
  '/v1/domains/{domain}/reports/{id}': NOWHERE,
  '/v1/operator/reactions/{id}': NOWHERE,
  '/v1/operator/warm-ups/{source}': 'nowhere',
  '/v1/operator/warm-ups/{source}/{provider}': 'nowhere',
  '/v1/operator/postmaster-mail/{id}': NOWHERE,
  '/v1/operator/tls-reports/{id}': NOWHERE,
}

/** Routes of things that are absent here, or sent already; those for people and by links have scenarios of their own. */
const UNDONE = [
  'DELETE /api/v1/deliveries/{id}',
  'PATCH /api/v1/deliveries/bulk/commit/{id}',
  'operatorCancelReaction',
  'operatorExtendReaction',
  'operatorPostmasterMail',
  'operatorRemovePostmasterMail',
  'operatorSetWarmUp',
  'operatorTlsReport',
  'showDomainReport',
]

async function keyOf(person: Person, scopes: readonly string[]): Promise<Record<string, string>> {
  const { status, body } = await person.post('/v1/api-keys', { scopes })
  assert.equal(status, 201, JSON.stringify(body))
  return { authorization: `Bearer ${String(body['token'])}` }
}

function at({ method, path }: Route): string {
  return `${method} ${path}`
}

suite('every route', () => {
  let rig: Rig
  let operator: Person
  let routes: readonly Route[]
  let acme: Organization
  before(async () => {
    rig = await Rig.start()
    operator = await owner(rig)
    routes = await describedRoutes(rig.node.api)
    acme = await furnished('acme')
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  /** An organization with one of each thing. */
  async function furnished(name: string): Promise<Organization> {
    const boss = await owner(rig, name)
    const domain = `${name}-zebra.example`
    const headers = { 'hikyaku-organization': name }
    const added = await operator.ask('POST', '/v1/domains', { headers, body: { domain, vouched: true } })
    assert.equal(added.status, 201, JSON.stringify(added.body))
    const make = async (path: string, body: object): Promise<Record<string, unknown>> => {
      const made = await boss.post(path, body)
      assert.ok(made.status < 300, `${path}: ${JSON.stringify(made.body)}`)
      return made.body
    }
    const mail = { from: `shop@${domain}`, subject: SECRET, text: SECRET }
    const later = new Date(Date.now() + 86_400_000).toISOString()
    const recipient = `suppressed@${domain}`
    await make('/v1/suppressions', { suppressions: [{ recipient, evidence: SECRET }] })
    const message = await make('/v1/messages', { ...mail, to: `${SECRET}@${domain}`, send_at: later })
    const begin = { from: { email: mail.from }, subject: SECRET, encode: 'UTF-8', text_part: SECRET }
    const hook = { url: `https://hooks.${domain}/${SECRET}`, note: SECRET }
    const things = {
      '/v1/messages/{id}': String(message['id']),
      '/v1/suppressions/{recipient}': recipient,
      '/v1/domains/{domain}': domain,
      '/v1/templates/{name}': String(
        (await make('/v1/templates', { name: `${name}-letter`, subject: SECRET, text: SECRET }))['name'],
      ),
      '/v1/webhooks/{id}': String((await make('/v1/webhooks', hook))['id']),
      '/v1/users/{id}': (await member(rig, boss, 'analyst')).id,
      '/v1/api-keys/{id}': String(
        (await make('/v1/api-keys', { scopes: ['audit:read'], note: SECRET }))['id'],
      ),
      '/v1/credentials/{login}': String((await make('/v1/credentials', { note: SECRET }))['login']),
      '/v1/invitations/{id}': String(
        (await make('/v1/invitations', { email: `${SECRET}@${name}.example`, role: 'analyst' }))['id'],
      ),
      '/v1/operator/organizations/{organization}': name,
      '/v1/streams/{stream}': 'marketing',
      '/api/v1/deliveries/{id}': String((await make('/api/v1/deliveries/bulk/begin', begin))['delivery_id']),
    }
    return { name, owner: boss, domain, things }
  }

  /** A path that names things of an organization. */
  function pathTo({ path, who }: Route, { things }: Organization): string {
    const all: Things = { ...ABSENT, ...things }
    // Of a person, and not of an organization.
    if (!who.includes(':')) return path.replaceAll(/\{\w+\}/g, 'f'.repeat(16))
    return path.replaceAll(/\{\w+\}/g, (name, start: number) => {
      const place = path.slice(0, start + name.length)
      const found = all[place] ?? all[place.replace('/bulk/update', '').replace('/bulk/commit', '')]
      return encodeURIComponent(
        found ?? assert.fail(`the walk has no thing for ${place}: make one in furnished`),
      )
    })
  }

  async function call(route: Route, of: Organization, asked: Record<string, string>): Promise<Called> {
    const sent = bodyOf(route, of)
    const headers = { 'x-hikyaku-request': '1', ...(sent && { 'content-type': sent.type }), ...asked }
    const aborted = new AbortController()
    const response = await fetch(`${rig.node.api}${pathTo(route, of)}${QUERIES[route.name] ?? ''}`, {
      method: route.method,
      headers,
      signal: aborted.signal,
      ...(sent && { body: sent.text }),
    })
    const { status } = response
    // It has no end.
    if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
      aborted.abort()
      return { status, text: '', body: undefined }
    }
    const text = await response.text()
    const isJson = /^application\/(?:problem\+)?json/.test(response.headers.get('content-type') ?? '')
    return { status, text, body: isJson ? (JSON.parse(text) as unknown) : undefined }
  }

  test('who has not said who they are gets nothing', async () => {
    assert.ok(routes.length > 100, String(routes.length))
    for (const route of routes) {
      const { status, text } = await call(route, acme, {})
      if (PUBLIC.has(route.name)) assert.equal(status, 200, at(route))
      else if (route.who === 'anybody') assert.ok(status >= 400 && status !== 401 && status < 500, at(route))
      else assert.equal(status, 401, at(route))
      assert.ok(!text.includes(SECRET), at(route))
    }
  })

  test('another organization finds nothing of ours, whatever it names, and changes nothing', async () => {
    const globex = await owner(rig, 'globex')
    const everything = await keyOf(globex, SCOPES)
    const session = { cookie: globex.cookie }
    for (const route of routes.filter(({ who }) => who !== 'anybody')) {
      for (const asked of [everything, session]) {
        if (route.who === 'signed-in' && asked === session) continue
        const told = await call(route, acme, asked)
        assert.ok(
          !told.text.includes(SECRET) && !told.text.includes(acme.owner.email),
          `${at(route)}: ${told.text}`,
        )
        const isNamed = route.path.includes('{') && !COMMON.has(route.name)
        if (route.who === 'signed-in') assert.equal(told.status, 401, at(route))
        else if (route.who.startsWith('operator:')) assert.equal(told.status, 403, at(route))
        else if (isNamed) assert.equal(told.status, 404, `${at(route)}: ${told.text}`)
        else assert.ok(told.status < 500, at(route))
      }
      const acting = await call(route, acme, { ...everything, 'hikyaku-organization': 'acme' })
      assert.equal(acting.status, route.who === 'signed-in' ? 401 : 403, `${at(route)} in the name of acme`)
    }
    const left = routes.filter(
      ({ method, path, who }) => method === 'GET' && path.includes('{') && who.includes(':'),
    )
    for (const route of left.filter(({ path }) => path in acme.things)) {
      const { status } = await call(route, acme, { cookie: acme.owner.cookie })
      assert.equal(status, 200, at(route))
    }
  })

  test('an owner may everything in the own organization, and each answer is as the document says', async () => {
    const ours = await furnished('initech')
    const everything = { ...(await keyOf(operator, [...SCOPES, ...OPERATOR_SCOPES])) }
    const done = new Set<string>()
    for (const route of inOrder(routes.filter(({ who, name }) => who !== 'anybody' && !LAST.has(name)))) {
      const isOperators = route.who.startsWith('operator:')
      const told = await call(route, ours, isOperators ? everything : { cookie: ours.owner.cookie })
      assert.ok(
        told.status < 500 && told.status !== 401 && told.status !== 403,
        `${at(route)}: ${told.status} ${told.text}`,
      )
      assert.deepEqual(mistakes(route, told.status, told.body), [], `${at(route)} ${told.text}`)
      if (told.status < 400) done.add(route.name)
      else if (!route.path.startsWith('/api/'))
        assert.match(told.text, /"type":"\/docs\/problems#/, at(route))
    }
    const owed = routes.filter(({ who }) => who.includes(':')).map(({ name }) => name)
    assert.deepEqual(owed.filter((name) => !done.has(name)).toSorted(), UNDONE)
  })

  test('each role and each scope opens what the document says, and nothing else', async () => {
    const ours = await furnished('umbrella')
    const callers: Caller[] = await Promise.all(
      SCOPES.map(async (scope) => ({ headers: await keyOf(ours.owner, [scope]), scopes: [scope] })),
    )
    for (const role of ROLES) {
      const { cookie } = await member(rig, ours.owner, role)
      callers.push({ headers: { cookie }, scopes: scopesOf(role, 'umbrella') })
    }
    for (const route of inOrder(routes.filter(({ who }) => who.includes(':'))))
      for (const { headers, scopes } of callers) {
        const { status, text } = await call(route, ours, headers)
        const may = scopes.includes(route.who)
        // What a route finds out later is another matter: that a domain is not yours, that you cannot give that away.
        const isRefused = status === 403 && text.includes('has not the scope')
        assert.equal(isRefused, !may, `${at(route)} with ${scopes.join()}: ${status} ${text}`)
      }
  })

  test('only owners and admins of the operator, and keys with its scopes, reach what is the operator’s', async () => {
    const admin = await member(rig, operator, 'admin')
    const reader = await member(rig, operator, 'read-only')
    const ordinary = await keyOf(operator, SCOPES)
    const reading = await keyOf(operator, ['operator:read'])
    for (const route of routes.filter(({ who }) => who.startsWith('operator:'))) {
      for (const asked of [ordinary, { cookie: reader.cookie }])
        assert.equal((await call(route, acme, asked)).status, 403, at(route))
      for (const [asked, may] of [
        [{ cookie: admin.cookie }, true],
        [reading, route.who === 'operator:read'],
      ] as const)
        assert.equal((await call(route, acme, asked)).status !== 403, may, at(route))
    }
    const refused = await rig.cliRun('api-key', 'add', '--organization', 'acme', '--scope', 'operator:read')
    assert.match(refused.err, /for keys of the organization default/)
  })
})

/** What people must know before they have signed in. */
const PUBLIC = new Set(['showSignIn'])

/** They end the session that asks. */
const LAST = new Set(['signOut', 'moveSession'])

/** Of the installation, and the same for all. */
const COMMON = new Set(['showStream'])

const ORDER = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** What reads comes first, what removes last. */
function inOrder(routes: readonly Route[]): readonly Route[] {
  return routes.toSorted((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method))
}

const QUERIES: { readonly [name: string]: string } = {
  removeSuppression: '?why=walked',
  showStatistics: '?by=day',
  downloadStatistics: '?by=day',
}

type Sent = { readonly text: string; readonly type: string }

/** What is sent to a route that takes something. */
function bodyOf(route: Route, { domain }: Organization): Sent | undefined {
  if (route.name === 'importSuppressions') return { text: 'email\nunwalked@example.com\n', type: 'text/csv' }
  const body = BODIES[route.name]?.(domain)
  if (body === undefined && !route.hasBody) return undefined
  return { text: JSON.stringify(body ?? {}), type: 'application/json' }
}

let made = 0

const BODIES: { readonly [name: string]: (domain: string) => object } = {
  sendMessage: (domain) => ({ from: `a@${domain}`, to: 'walked@example.com', subject: 'x', text: 'x' }),
  sendBatch: (domain) => ({
    from: `a@${domain}`,
    subject: 'x',
    text: 'x',
    recipients: [{ to: 'walked@example.com' }],
  }),
  sendRawMessage: (domain) => ({
    from: `a@${domain}`,
    to: ['walked@example.com'],
    content: Buffer.from(`From: a@${domain}\r\nSubject: x\r\n\r\nx\r\n`).toString('base64'),
  }),
  addSuppressions: () => ({ suppressions: [{ recipient: 'unwalked@example.com' }] }),
  addDomain: (domain) => ({ domain: `walked.${domain}` }),
  activateDkim: () => ({ force: true }),
  changeDeliveries: () => ({ change: 'hold', recipient: '@nowhere.example' }),
  addTemplate: () => ({ name: `walked-${(made += 1)}`, subject: 'x', text: 'x' }),
  changeTemplate: () => ({ subject: 'x', text: 'x' }),
  addWebhook: (domain) => ({ url: `https://hooks.${domain}/walked` }),
  changeWebhook: () => ({ note: 'walked' }),
  pauseWebhook: () => ({ why: 'walked' }),
  replayWebhook: () => ({ since: new Date().toISOString() }),
  changeUser: () => ({ role: 'analyst' }),
  addApiKey: () => ({ scopes: ['accounts:write'] }),
  addInvitation: () => ({ email: 'walked@example.com', role: 'read-only' }),
  operatorAddOrganization: () => ({ name: `walked-${(made += 1)}` }),
  operatorExtendReaction: () => ({ seconds: 60 }),
  sendGridMailSend: (domain) => ({
    personalizations: [{ to: [{ email: 'walked@example.com' }] }],
    from: { email: `a@${domain}` },
    subject: 'x',
    content: [{ type: 'text/plain', value: 'x' }],
  }),
  'POST /api/v1/deliveries/bulk/begin': (domain) => letter(domain),
  'PUT /api/v1/deliveries/bulk/update/{id}': () => ({ to: [{ email: 'walked@example.com' }] }),
  'PATCH /api/v1/deliveries/bulk/commit/{id}': () => ({
    reservation_time: new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+Z$/, '+00:00'),
  }),
  blastengineTransaction: (domain) => ({ ...letter(domain), to: 'walked@example.com' }),
}

function letter(domain: string): object {
  return { from: { email: `a@${domain}` }, subject: 'x', encode: 'UTF-8', text_part: 'x' }
}
