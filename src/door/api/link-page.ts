/**
 * The page behind links that work once: it asks for what the link needs and sends it to the API. No more than that:
 * whoever has set a password goes on elsewhere. The token stands behind the `#`, which browsers tell no server.
 */

import { createHash } from 'node:crypto'

import type { Routes } from './parts.ts'

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem;color:#222;background:#fff}
label{display:block;margin:1rem 0}input,select,button{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}
[hidden]{display:none}#said{font-weight:600}`

const SCRIPT = `
const KINDS = {
  owner: { url: '/v1/owner', fields: ['email', 'name', 'language', 'password'] },
  invitation: { url: '/v1/invitations/accept', fields: ['name', 'language', 'password'] },
  reset: { url: '/v1/password-reset/confirm', fields: ['password'] },
}
const [kind, token] = location.hash.slice(1).split('=', 2)
const form = document.querySelector('form')
const said = document.querySelector('#said')
const known = KINDS[kind]
if (!known || !token) {
  form.hidden = true
  said.textContent = 'This link is not complete. / リンクの一部が欠けています。'
} else for (const label of form.querySelectorAll('label')) label.hidden = !known.fields.includes(label.id)
form.elements.language.value = navigator.language.startsWith('ja') ? 'ja' : 'en'
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const values = Object.fromEntries(known.fields.map((name) => [name, form.elements[name].value]))
  said.textContent = '…'
  const response = await fetch(known.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, ...values }),
  }).catch(() => undefined)
  if (response?.ok) {
    form.hidden = true
    said.textContent = 'Done: you can sign in now. / 完了しました。サインインできます。'
    history.replaceState(null, '', location.pathname)
    return
  }
  const problem = await response?.json().catch(() => undefined)
  said.textContent = problem?.detail ?? 'The server does not answer. / サーバーが応答しません。'
})`

const PAGE = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer"><title>Hikyaku</title><style>${STYLE}</style>
<h1>Hikyaku 飛脚</h1>
<form>
<label id="email">E-mail address / メールアドレス<input name="email" type="email" autocomplete="username"></label>
<label id="name">Name / 名前<input name="name" maxlength="100" autocomplete="name"></label>
<label id="language">Language / 言語<select name="language"><option value="en">English</option><option value="ja">日本語</option></select></label>
<label id="password">New password, 12 characters at least; with an account, your password / 新しいパスワード（12文字以上）。登録済みの方は現在のパスワード<input name="password" type="password" autocomplete="new-password" required></label>
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

export const linkPageRoute: Routes = (app) => {
  app.route({
    method: 'GET',
    url: '/link',
    schema: { hide: true },
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
