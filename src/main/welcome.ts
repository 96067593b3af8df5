/** What `hikyaku start` prints: where things are, and commands to paste for a first message. */

import type { ListeningAt } from '#door/submission'
import type { Sandbox } from '#door/sandbox'

import type { Serving } from './serve.ts'

export type Login = { readonly login: string; readonly password: string }

export type Welcome = {
  readonly serving: Serving
  readonly sandbox: Sandbox
  readonly login: Login
  readonly apiKey: string
  readonly domain: string
  /** Absent when there is an owner. */
  readonly ownerLink: string | undefined
  readonly listeners: readonly ListeningAt[]
  /** How the command line is called, ready for a shell, and where, if not in the directory that the reader is in. */
  readonly hikyaku: string
  readonly directory?: string
}

export function welcome(facts: Welcome): string {
  const { serving, sandbox, login, apiKey, domain, listeners, hikyaku, directory, ownerLink } = facts
  const { config, monitoring, api } = serving
  const base = api === undefined ? '' : `http://${api.address}:${api.port}`
  const first = listeners[0]
  const server = first === undefined ? '127.0.0.1:2587' : `${first.address}:${first.port}`
  const doors = listeners.map(({ name, address, port }) => `${name} ${address}:${port}`).join(', ')
  const where = directory === undefined ? '' : `, in ${directory}`
  return `
Hikyaku is running, with a sandbox that receives all mail: nothing leaves this machine.
飛脚が動いています。送ったメールはすべて下の受信箱に届き、外には出ません。

  Received mail / 受信箱   http://127.0.0.1:${sandbox.httpPort}/
  Submission / 送信口      ${doors}
  Login / ログイン         ${login.login}
  Password / パスワード    ${login.password}
${
  api === undefined
    ? ''
    : `  HTTP API                 ${base}/docs
  API key / API キー       ${apiKey}
${ownerLink === undefined ? '' : `  Owner link / 管理者登録  ${ownerLink}\n`}`
}  Metrics                  http://${monitoring.address}:${monitoring.port}/metrics
  Log, data                ${config.log.file ?? 'standard output'}, ${config.node.data}

Send a first message / 最初の一通 (any of these${where}):

  ${hikyaku} send --from you@${domain} --to user@example.com --subject 'Hello' --text 'First message'

  swaks --server ${server} --tls --auth PLAIN --auth-user '${login.login}' --auth-password '${login.password}' \\
    --from you@${domain} --to user@example.com

  printf 'From: you@${domain}\\nTo: user@example.com\\nSubject: Hello\\n\\nFirst message\\n' | curl -sk --ssl-reqd --crlf \\
    --url smtp://${server} --user '${login.login}:${login.password}' \\
    --mail-from you@${domain} --mail-rcpt user@example.com -T -

${api === undefined ? '' : overHttp(base, apiKey, domain)}Then see what became of it / その後どうなったか:

  ${hikyaku} message list
  ${hikyaku} queue

Recipients that misbehave / 困った宛先: defer-me@, bounce-me@, greylist@, tarpit@, full@ … of any domain.
Ctrl-C ends it / 終了は Ctrl-C。
`
}

function overHttp(base: string, apiKey: string, domain: string): string {
  const message = { from: `you@${domain}`, to: 'user@example.com', subject: 'Hello', text: 'First message' }
  return `  curl -s ${base}/v1/messages -H 'Authorization: Bearer ${apiKey}' \\
    -H 'Content-Type: application/json' \\
    -d '${JSON.stringify(message)}'

`
}
