/**
 * The page that a provider sends browsers back to: it shows the API what stands in its address, and a code where one is
 * asked for. Then it goes on to where the browser was, if the page there has left its path in the browser.
 */

import { createHash } from 'node:crypto'

import { Type } from 'typebox'

import type { Routes } from './parts.ts'
import { ProviderName } from './sign-in.ts'

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem;color:#222;background:#fff}
label{display:block;margin:1rem 0}input,button{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}
[hidden]{display:none}#said{font-weight:600}`

/** Where a page that sends somebody to a provider writes down its path: `sessionStorage.setItem(…, '/settings')`. */
const RETURN = 'hikyaku.return'

const SCRIPT = `
const form = document.querySelector('form')
const said = document.querySelector('#said')
const query = location.search.slice(1)
const provider = location.pathname.split('/').pop()
history.replaceState(null, '', location.pathname)
const done = () => {
  form.hidden = true
  said.textContent = 'You have signed in. / サインインしました。'
  const path = sessionStorage.getItem('${RETURN}') ?? ''
  sessionStorage.removeItem('${RETURN}')
  if (/^\\/(?![/\\\\])/.test(path)) location.replace(path)
}
const ask = async (path, body) => {
  said.textContent = '…'
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => undefined)
  if (response?.status === 201) return done()
  if (response?.status === 202) {
    form.hidden = false
    said.textContent = ''
    return
  }
  const problem = await response?.json().catch(() => undefined)
  said.textContent = problem?.detail ?? 'The server does not answer. / サーバーが応答しません。'
}
form.addEventListener('submit', (event) => {
  event.preventDefault()
  void ask('/v1/session/second-factor', { code: form.elements.code.value })
})
void ask('/v1/session/oidc', { provider, query })`

const PAGE = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer"><title>Hikyaku</title><style>${STYLE}</style>
<h1>Hikyaku 飛脚</h1>
<form hidden>
<label>Code of the app, or one on paper / アプリの確認コード、またはリカバリーコード<input name="code" autocomplete="one-time-code" required></label>
<button>OK</button>
</form>
<p id="said" role="status"></p>
<script>${SCRIPT}</script>
</html>
`

/** This page, its own script and style, and nothing else. W3C CSP 3 §6.1 */
const POLICY = [
  "default-src 'none'",
  `script-src '${hashOf(SCRIPT)}'`,
  `style-src '${hashOf(STYLE)}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

export const signInPageRoute: Routes = (app) => {
  app.route({
    method: 'GET',
    url: '/sign-in/:provider',
    schema: { hide: true, params: Type.Object({ provider: ProviderName }) },
    handler: (_request, reply) =>
      reply
        .header('content-security-policy', POLICY)
        .header('x-content-type-options', 'nosniff')
        .header('referrer-policy', 'no-referrer')
        .header('cache-control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(PAGE),
  })
}
