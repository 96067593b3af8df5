/** The pages of the sandbox. Everything in a message is data: escaped, never run, never fetched. */

import { BEHAVIOURS } from '#engine/receiver'
import { digestOf, fieldsOf } from './digest.ts'
import type { Received } from './inbox.ts'
import { markup } from './markup.ts'
import type { Markup } from './markup.ts'
import { DNS_LABELS } from './name-server.ts'
import { PERSONAS } from './persona.ts'
import { WORDS } from './words.ts'
import type { Language, Words } from './words.ts'

export type Frame = {
  readonly language: Language
  /** Allows this page's style and script, and no other. */
  readonly nonce: string
  /** The path of this page, for the link to the other language. */
  readonly path: string
}

export type Listing = {
  readonly messages: readonly Received[]
  readonly total: number
  readonly query: string
  /** From 0. */
  readonly page: number
  readonly pages: number
  /** The newest message's number: the script looks whether it has changed. */
  readonly last: number
}

/** Octets of a message that the page shows; the rest is in the source. */
const SHOWN = 256 * 1024

const STYLE = `
:root{color-scheme:light dark;--line:light-dark(#d8dde3,#3a414b);--soft:light-dark(#5b6570,#9aa5b1);
--bg:light-dark(#fff,#16191d);--card:light-dark(#f6f7f9,#1e2227);--good:light-dark(#1a7f45,#5bd08c);
--bad:light-dark(#b3261e,#ff9a91);--link:light-dark(#0b57d0,#8ab4f8)}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);font:15px/1.6 system-ui,"Hiragino Sans","Noto Sans JP",sans-serif}
header,main{max-width:72rem;margin:0 auto;padding:1rem}
header{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;align-items:baseline;border-bottom:1px solid var(--line)}
h1{font-size:1.15rem;margin:0}h2{font-size:1rem;margin:1.75rem 0 .5rem}p{margin:.5rem 0;color:var(--soft)}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
nav{display:flex;gap:1rem;margin-left:auto}
form{display:flex;gap:.5rem;margin:0 0 1rem}input{flex:1;min-width:0}
input,button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;
padding:.35rem .7rem}button{cursor:pointer}
.wide{overflow-x:auto}table{width:100%;border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);white-space:nowrap}td{overflow-wrap:anywhere}
td.n,td.t{white-space:nowrap;font-variant-numeric:tabular-nums}td.n{text-align:right}
.good{color:var(--good)}.bad{color:var(--bad)}
code,pre{font:13px/1.5 ui-monospace,Menlo,Consolas,monospace}
pre{margin:0;padding:1rem;background:var(--card);border:1px solid var(--line);border-radius:8px;white-space:pre-wrap;
overflow-wrap:anywhere;max-height:70vh;overflow-y:auto}
.pages{display:flex;gap:1rem;margin:1rem 0}
`

/** Reloads the list when something has come; deletes by DELETE, so that no link and no foreign page can; local time. */
const SCRIPT = `
const list=document.querySelector('[data-last]')
if(list)setInterval(async()=>{if(document.hidden||document.activeElement?.name==='q')return
const said=await fetch('/messages?limit=0').catch(()=>undefined)
if(said?.ok&&String((await said.json()).last)!==list.dataset.last)location.reload()},2000)
for(const one of document.querySelectorAll('[data-delete]'))one.addEventListener('click',async()=>{
if(one.dataset.sure&&!confirm(one.dataset.sure))return
await fetch(one.dataset.delete,{method:'DELETE'});location.href='/'})
for(const one of document.querySelectorAll('time'))one.textContent=new Date(one.dateTime).toLocaleString()
`

export function listPage(frame: Frame, listing: Listing): Markup {
  const words = WORDS[frame.language]
  const { messages, query, last } = listing
  const empty = query === '' ? words.none : words.noMatch
  return frameOf(
    frame,
    markup`<form action="/" role="search"><input type="search" name="q" value="${query}" aria-label="${words.search}">
<button>${words.search}</button>
<button type="button" data-delete="/messages" data-sure="${words.sure}">${words.clear}</button></form>
<div class="wide" data-last="${last}">${messages.length === 0 ? markup`<p>${empty}</p>` : table(words, messages)}</div>
${pager(words, listing)}`,
  )
}

function table(words: Words, messages: readonly Received[]): Markup {
  return markup`<table><thead><tr><th>${words.time}<th>${words.from}<th>${words.to}<th>${words.subject}
<th>${words.size}<th>${words.answer}</tr></thead><tbody>${messages.map((one) => row(words, one))}</tbody></table>`
}

function row(words: Words, message: Received): Markup {
  const { id, at, envelopeFrom, envelopeTo, headerFrom, subject, size, reply } = digestOf(message)
  return markup`<tr><td class="t"><time datetime="${at}">${at.slice(0, 19).replace('T', ' ')}</time>
<td>${headerFrom || `<${envelopeFrom}>`}<td>${firstOf(envelopeTo)}
<td><a href="/message/${id}">${subject || '—'}</a><td class="n">${size}
<td class="${isGood(reply)}">${reply ?? words.dropped}</tr>`
}

function firstOf(recipients: readonly string[]): string {
  const more = recipients.length > 1 ? ` +${recipients.length - 1}` : ''
  return `${recipients[0] ?? ''}${more}`
}

function isGood(reply: string | undefined): string {
  return reply?.startsWith('2') === true ? 'good' : 'bad'
}

function pager(words: Words, { query, page, pages, total }: Listing): Markup {
  const link = (to: number, text: string): Markup =>
    markup`<a href="/?q=${encodeURIComponent(query)}&amp;page=${to}">${text}</a>`
  const newer = page > 0 ? link(page - 1, words.newer) : markup``
  const older = page + 1 < pages ? link(page + 1, words.older) : markup``
  return markup`<div class="pages"><span>${page + 1} / ${Math.max(1, pages)} (${total})</span>${newer}${older}</div>`
}

export function messagePage(frame: Frame, message: Received): Markup {
  const words = WORDS[frame.language]
  const { id, subject } = digestOf(message)
  const fields = fieldsOf(message.raw).map(({ name, value }) => markup`<tr><th>${name}<td>${value}</tr>`)
  return frameOf(
    frame,
    markup`<p><a href="/">${words.back}</a></p><h1>${subject || '—'}</h1>
<h2>${words.envelope}</h2><div class="wide"><table>${envelopeRows(words, message)}</table></div>
<h2>${words.headers}</h2><div class="wide"><table>${fields}</table></div>
<h2>${words.raw}</h2><p><a href="/messages/${id}/raw">${words.download}</a>
<button data-delete="/messages/${id}">${words.remove}</button></p>
<pre>${message.raw.toString('utf8', 0, SHOWN)}</pre>`,
  )
}

function envelopeRows(words: Words, message: Received): readonly Markup[] {
  const {
    at,
    client,
    helo,
    host,
    tls = words.noTls,
    login,
    envelopeFrom,
    envelopeTo,
    reply,
  } = digestOf(message)
  const { from: _from, to: _to, ...options } = message.envelope
  const rows: readonly (readonly [string, string])[] = [
    [words.time, at],
    [words.client, `${helo} [${client}]${login === undefined ? '' : ` (${login})`}`],
    ['TLS', tls],
    [words.host, host],
    ['MAIL FROM', `<${envelopeFrom}>`],
    ...envelopeTo.map((one): readonly [string, string] => ['RCPT TO', `<${one}>`]),
    [words.options, JSON.stringify(options)],
    [words.answer, reply ?? words.dropped],
  ]
  return rows.map(([name, value]) => markup`<tr><th>${name}<td>${value}</tr>`)
}

export function helpPage(frame: Frame): Markup {
  const words = WORDS[frame.language]
  const locals = BEHAVIOURS.map(
    (
      one,
    ) => markup`<tr><td><code>${one.name}@</code><td>${one[frame.language]}<td>${one.at}<td>${one.receiver ?? ''}
<td><code>${textOf(one)}</code></tr>`,
  )
  const labels = [...PERSONAS, ...DNS_LABELS].map(
    (one) => markup`<tr><td><code>@${one.name}.…</code><td>${one[frame.language]}</tr>`,
  )
  return frameOf(
    frame,
    markup`<h2>${words.local}</h2><p>${words.localHint}</p><div class="wide"><table><thead><tr><th>${words.local}
<th>${words.does}<th>${words.stage}<th>${words.receiver}<th>${words.answer}</tr></thead>${locals}</table></div>
<h2>${words.label}</h2><p>${words.labelHint}</p><div class="wide"><table>${labels}</table></div>`,
  )
}

function textOf({ does }: (typeof BEHAVIOURS)[number]): string {
  if (!('with' in does)) return ''
  const { code, enhanced = '', lines } = does.with
  return [code, enhanced, ...lines].filter((part) => part !== '').join(' ')
}

function frameOf({ language, nonce, path }: Frame, body: Markup): Markup {
  const words = WORDS[language]
  const other = language === 'en' ? 'ja' : 'en'
  return markup`<!doctype html><html lang="${language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>${words.title}</title>
<link rel="icon" href="data:,"><style nonce="${nonce}">${{ html: STYLE }}</style>
<header><h1>${words.title}</h1><nav><a href="/">${words.messages}</a><a href="/help">${words.help}</a>
<a href="${path}?lang=${other}" lang="${other}">${words.other}</a></nav><p>${words.lead}</p></header>
<main>${body}</main><script nonce="${nonce}">${{ html: SCRIPT }}</script></html>`
}
