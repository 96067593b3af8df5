/** Every route of the API, walked by each role of two organizations: what each may do, and that nothing is told of the other. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { ROLES, scopesOf } from '#product/user'
import type { Role } from '#product/user'
import type { Scope } from '#product/account'

import { Browser } from './browser.ts'
import type { Answer } from './browser.ts'
import { member, owner } from './people.ts'
import type { Person } from './people.ts'
import { DOMAIN, Rig } from './rig.ts'

/** A request, and what who asks it must have. What is named in it belongs to the first organization, if it exists at all. */
type Step = {
  readonly method: string
  readonly path: string
  readonly body?: object
  readonly scope: Scope
  /** For who may. */
  readonly expected: number
  /** For who may the same in another organization, when that is not the same answer. */
  readonly elsewhere: number
}

function read(path: string, scope: Scope, elsewhere = 200): Step {
  return { method: 'GET', path, scope, expected: 200, elsewhere }
}

function write(method: string, path: string, scope: Scope, more: Partial<Step> = {}): Step {
  return { method, path, scope, expected: 200, elsewhere: 404, ...more }
}

function ask(person: Person, { method, path, body }: Step): Promise<Answer> {
  return person.ask(method, path, { body })
}

async function mayOrNot(own: Person, role: Role, step: Step): Promise<void> {
  const { status } = await ask(own, step)
  const at = `${step.method} ${step.path}`
  if (!scopesOf(role, 'default').includes(step.scope)) assert.equal(status, 403, at)
  else if (step.expected !== 0) assert.equal(status, step.expected, at)
  else assert.ok([200, 404].includes(status), `${at} answered ${status}`)
}

/** What strangers may ask for with nothing in their hands. */
const BEGINNINGS: ReadonlyMap<string, number> = new Map([
  // Without a host name in `api.url` there are no passkeys.
  ['/v1/session/passkey/options', 409],
  ['/v1/sign-in', 200],
])

suite('roles', () => {
  let rig: Rig
  let ours: Person
  let theirs: Person
  let things: { key: string; login: string; message: string; user: string; invitation: string }
  before(async () => {
    rig = await Rig.start()
    ours = await owner(rig)
    theirs = await owner(rig, 'globex')
    const message = { from: `shop@${DOMAIN}`, to: 'a@roles.example.com', subject: 'x', text: 'x' }
    things = {
      key: String((await ours.post('/v1/api-keys', { scopes: ['messages:send'] })).body['id']),
      login: String((await ours.post('/v1/credentials', {})).body['login']),
      message: String((await ours.post('/v1/messages', message)).body['id']),
      user: (await member(rig, ours, 'analyst')).id,
      invitation: String(
        (await ours.post('/v1/invitations', { email: 'i@roles.example.com', role: 'analyst' })).body['id'],
      ),
    }
    const template = { name: 'walked', subject: 'x', text: 'of roles.example.com' }
    assert.equal((await ours.post('/v1/templates', template)).status, 201)
    const suppressed = { suppressions: [{ recipient: 'secret@roles.example.com' }] }
    assert.equal((await ours.post('/v1/suppressions', suppressed)).status, 201)
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  /** What only reads comes first: it shows what the others have left. */
  function steps(): readonly Step[] {
    const { key, login, message, user, invitation } = things
    const reads = [
      read('/v1/deliveries', 'messages:read'),
      read('/v1/deliveries.csv', 'messages:read'),
      read('/v1/deliveries.ndjson', 'messages:read'),
      read(`/v1/messages/${message}`, 'messages:read', 404),
      read(`/v1/messages/${message}/explanation`, 'messages:read', 404),
      read('/v1/suppressions', 'suppressions:read'),
      read('/v1/users', 'users:read'),
      read('/v1/invitations', 'users:read'),
      read('/v1/api-keys', 'accounts:read'),
      read('/v1/credentials', 'accounts:read'),
      read('/v1/quotas', 'accounts:read'),
      read('/v1/templates', 'templates:read'),
      read('/v1/templates/walked', 'templates:read', 404),
      read('/v1/templates/walked/versions', 'templates:read', 404),
      write('POST', '/v1/templates/walked/preview', 'templates:read', { body: {} }),
      read('/v1/audit', 'audit:read'),
      read('/v1/audit.csv', 'audit:read'),
    ]
    const send = { from: `shop@${DOMAIN}`, to: 'b@roles.example.com', subject: 'x', text: 'x' }
    const source = { subject: 'x', text: 'of roles.example.com' }
    return [
      ...reads,
      write('PUT', '/v1/templates/walked', 'templates:write', { body: source }),
      write('DELETE', '/v1/templates/none', 'templates:write', { expected: 404 }),
      write('POST', '/v1/messages/batch', 'messages:send', {
        body: { ...source, from: `shop@${DOMAIN}`, recipients: [{ to: 'd@roles.example.com' }] },
        expected: 202,
        elsewhere: 403,
      }),
      write('POST', '/v1/messages', 'messages:send', { body: send, expected: 202, elsewhere: 403 }),
      ...['hold', 'release', 'retry', 'cancel'].map((change) =>
        // Whether there is something left to change is not what is asked here.
        write('POST', `/v1/messages/${message}/${change}`, 'messages:write', { expected: 0 }),
      ),
      write('DELETE', '/v1/suppressions/nobody@example.com?why=x', 'suppressions:write', { expected: 404 }),
      write('DELETE', '/v1/suppressions/secret@roles.example.com?why=x', 'suppressions:write', {
        expected: 0,
      }),
      write('DELETE', `/v1/api-keys/${key}`, 'accounts:write', { expected: 0 }),
      write('DELETE', `/v1/credentials/${login}`, 'accounts:write', { expected: 0 }),
      write('DELETE', `/v1/invitations/${invitation}`, 'users:write', { expected: 0 }),
      write('PATCH', `/v1/users/${user}`, 'users:write', { body: { role: 'analyst' } }),
    ]
  }

  test('who has not said who they are gets nothing from any route that is published', async () => {
    const described = (await new Browser(rig.node.api).get('/docs/json')).body
    const paths = described['paths'] as Record<string, Record<string, { security?: unknown[] }>>
    let walked = 0
    for (const [template, methods] of Object.entries(paths))
      for (const [method, { security }] of Object.entries(methods)) {
        const path = template.replaceAll(/\{\w+\}/g, '0123456789abcdef')
        // What a link or a password opens asks for no key; with an empty body it opens nothing either.
        const body = ['post', 'patch', 'put'].includes(method) ? {} : undefined
        const { status } = await new Browser(rig.node.api).ask(method.toUpperCase(), path, { body })
        const expected = BEGINNINGS.get(path) ?? (security?.length === 0 ? 422 : 401)
        assert.equal(status, expected, `${method} ${path}`)
        walked += 1
      }
    assert.ok(walked > 20)
  })

  for (const role of ROLES) {
    test(`${role}: what it may do in its own organization, and nothing in another`, async () => {
      const stranger = await member(rig, theirs, role)
      for (const step of steps()) {
        const { status, body } = await ask(stranger, step)
        const may = scopesOf(role, 'globex').includes(step.scope)
        const at = `${step.method} ${step.path}`
        assert.equal(status, may ? step.elsewhere : 403, `${at} from elsewhere`)
        assert.ok(!JSON.stringify(body).includes('roles.example.com') || status >= 400, at)
      }
      const own = await member(rig, ours, role)
      for (const step of steps()) await mayOrNot(own, role, step)
    })
  }

  test('each change is in the audit log of its organization: who, from where, what; and no secret', async () => {
    const person = await member(rig, ours, 'developer')
    const { role } = (await ours.patch(`/v1/users/${person.id}`, { role: 'marketer' })).body
    assert.equal(role, 'marketer')
    const made = await ours.post('/v1/api-keys', { scopes: ['messages:send'], note: 'for the audit' })
    const headers = { authorization: `Bearer ${String(made.body['token'])}` }
    const mail = { from: `shop@${DOMAIN}`, to: 'c@roles.example.com', subject: 'x', text: 'x' }
    assert.equal(
      (await new Browser(rig.node.api).ask('POST', '/v1/messages', { headers, body: mail })).status,
      202,
    )
    await rig.cli('api-key', 'revoke', String(made.body['id']))
    const rows = (await ours.get('/v1/audit?limit=3')).body['data'] as Record<string, unknown>[]
    assert.deepEqual(
      rows.map(({ actor, address, action, subject, before: was, after: became }) => ({
        actor,
        address,
        action,
        subject,
        was,
        became,
      })),
      [
        {
          actor: 'operator',
          address: 'local',
          action: 'api-key.revoke',
          subject: made.body['id'],
          was: undefined,
          became: { id: made.body['id'] },
        },
        {
          actor: ours.email,
          address: '127.0.0.1',
          action: 'api-key.add',
          subject: made.body['id'],
          was: undefined,
          became: { scopes: ['messages:send'], note: 'for the audit' },
        },
        {
          actor: ours.email,
          address: '127.0.0.1',
          action: 'user.change',
          subject: person.email,
          was: { role: 'developer' },
          became: { role: 'marketer' },
        },
      ],
    )
    const file = await rig.cli<{ action: string; after?: string }[]>('audit', '--limit', '1000')
    assert.ok(file.some(({ action }) => action === 'sign-in'))
    assert.ok(!JSON.stringify(file).includes('correct horse'))
    const elsewhere = (await theirs.get('/v1/audit?limit=1000')).body
    assert.ok(!JSON.stringify(elsewhere).includes(ours.email))
    const table = await fetch(`${rig.node.api}/v1/audit.csv?action=user.change`, {
      headers: { cookie: ours.cookie },
    })
    assert.match(await table.text(), /^id,at,actor,[^\n]*\r\n\w+,[^\n]*,user\.change,/)
  })
})
