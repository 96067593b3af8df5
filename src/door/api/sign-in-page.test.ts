import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'

import { bench } from './api.fixture.ts'

type Listener = (event: { preventDefault: () => void }) => void
type Asked = { readonly path: string; readonly body: Record<string, string> }

/** The script of the page, in a browser that has come back from a provider. */
async function returned(statuses: readonly number[], path: string | null) {
  await using api = await bench()
  const answer = await api.app.inject({ method: 'GET', url: '/sign-in/corp?code=1&state=2' })
  const [, script = ''] = /<script>([^]*)<\/script>/.exec(answer.body) ?? []
  const hash = createHash('sha256').update(script).digest('base64')
  assert.ok(String(answer.headers['content-security-policy']).includes(`script-src 'sha256-${hash}'`))
  const asked: Asked[] = []
  const left = [...statuses]
  let submit: Listener | undefined
  const form = {
    hidden: true,
    elements: { code: { value: '123456' } },
    addEventListener: (_type: string, listener: Listener) => void (submit = listener),
  }
  const said = { textContent: '' }
  let went = ''
  const { promise, resolve } = Promise.withResolvers<void>()
  runInNewContext(script, {
    document: { querySelector: (what: string) => (what === 'form' ? form : said) },
    location: { search: '?code=1&state=2', pathname: '/sign-in/corp', replace: (to: string) => (went = to) },
    history: { replaceState: () => {} },
    sessionStorage: { getItem: () => path, removeItem: () => {} },
    fetch: async (to: string, { body }: { body: string }) => {
      asked.push({ path: to, body: JSON.parse(body) as Asked['body'] })
      const status = left.shift() ?? 500
      if (left.length === 0) setImmediate(resolve)
      else setImmediate(() => submit?.({ preventDefault: () => {} }))
      return { status, json: async () => ({ detail: 'not right' }) }
    },
  })
  await promise
  return { asked, said: said.textContent, went, form }
}

test('the page shows the API what the provider has sent, and goes on to where the browser was', async () => {
  const { asked, said, went } = await returned([201], '/settings')
  assert.deepEqual(asked, [{ path: '/v1/session/oidc', body: { provider: 'corp', query: 'code=1&state=2' } }])
  assert.match(said, /サインインしました/)
  assert.equal(went, '/settings')
})

test('the page asks for a code where the API does', async () => {
  const { asked, said } = await returned([202, 201], null)
  assert.deepEqual(asked[1], { path: '/v1/session/second-factor', body: { code: '123456' } })
  assert.match(said, /You have signed in/)
})

test('the page says what is wrong, and leads to no other site', async () => {
  assert.equal((await returned([401], null)).said, 'not right')
  for (const path of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:x'])
    assert.equal((await returned([201], path)).went, '', path)
})
