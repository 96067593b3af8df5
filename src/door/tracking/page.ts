/** The page on which recipients say what they want, in two languages: plain HTML that needs no script. */

import type { Standing } from '#product/tracking'

import { WORDS } from './words.ts'
import type { Language } from './words.ts'

export const STYLE = `
:root{color-scheme:light dark;--ink:#1c2024;--paper:#fbfbfa;--card:#fff;--line:#d5d9de;--quiet:#596068;--deed:#1f5fbf;--on:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#eceef0;--paper:#14171a;--card:#1d2125;--line:#3a4148;--quiet:#a7afb8;--deed:#8ab8ff;--on:#10223f}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,"Hiragino Sans","Noto Sans CJK JP","Noto Sans JP",Meiryo,sans-serif}
main{max-width:34rem;margin:0 auto;padding:clamp(1rem,5vw,3rem) 1rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:clamp(1.25rem,4vw,2rem)}
h1{font-size:1.4rem;line-height:1.3;margin:0 0 1rem}
dl{margin:0 0 1.25rem;display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem}
dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere}
.state{font-weight:600;margin:0 0 1.25rem;text-wrap:balance}
.done{border-inline-start:.25rem solid var(--deed);padding-inline-start:.75rem}
form{margin:0}
button{display:block;width:100%;font:inherit;font-weight:600;min-height:3rem;padding:.6rem 1rem;margin:.75rem 0 0;border-radius:.5rem;border:1px solid var(--deed);background:transparent;color:var(--deed);cursor:pointer;text-wrap:balance}
button.first{background:var(--deed);color:var(--on)}
button:focus-visible,a:focus-visible{outline:3px solid var(--deed);outline-offset:2px}
p.quiet{color:var(--quiet);font-size:.9rem;margin:1.25rem 0 0}
a{color:var(--deed)}
`

export type Shown = {
  readonly language: Language
  /** `us…@example.com`: who it is about, for whoever it was passed on to. */
  readonly recipient: string
  readonly stream: string
  readonly standing: Standing
  /** What was done by the request before, if anything was. */
  readonly done?: 'stream' | 'all' | 'again'
}

export function preferencePage({ language, recipient, stream, standing, done }: Shown): string {
  const words = WORDS[language]
  const rows: readonly (readonly [string, string])[] = [
    ...(standing.author === undefined ? [] : [[words.from, standing.author] as const]),
    [words.to, recipient],
    [words.kind, stream],
  ]
  const said =
    done === undefined ? '' : `<p class="state done" role="status">${escaped(words.done[done])}</p>`
  // What was done says how it stands.
  const state = done === undefined ? `<p class="state">${escaped(words.state[standing.at])}</p>` : ''
  return document(
    language,
    words.title,
    `<dl>${rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>
${said}${state}${form(standing, language, done)}
<p class="quiet">${escaped(words.note)}</p>`,
  )
}

/** For what leads nowhere, and for what went wrong. */
export function messagePage(language: Language, about: 'unknown' | 'busy' | 'failed' | 'unreadable'): string {
  const { titles, texts } = WORDS[language]
  return document(language, titles[about], `<p>${escaped(texts[about])}</p>`)
}

function form({ at }: Standing, language: Language, done: Shown['done']): string {
  const { buttons } = WORDS[language]
  switch (at) {
    case 'subscribed':
      return `<form method="post">${hidden(language)}${button('stream', buttons.stream, true)}${button('all', buttons.all, false)}</form>`
    case 'stopped':
      return `<form method="post">${hidden(language)}${done === 'all' ? '' : button('all', buttons.all, false)}${button('again', buttons.again, false)}</form>`
    case 'held':
      return `<form method="post">${hidden(language)}${button('all', buttons.all, true)}</form>`
  }
}

function button(value: 'stream' | 'all' | 'again', text: string, isFirst: boolean): string {
  return `<button name="do" value="${value}"${isFirst ? ' class="first"' : ''}>${escaped(text)}</button>`
}

/** So that the answer speaks the language of the question, whatever the browser prefers. */
function hidden(language: Language): string {
  return `<input type="hidden" name="language" value="${language}">`
}

function document(language: Language, title: string, content: string): string {
  const other = language === 'ja' ? 'en' : 'ja'
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<main>
<div class="card">
<h1>${escaped(title)}</h1>
${content}
</div>
<p class="quiet"><a href="?language=${other}" lang="${other}" hreflang="${other}">${WORDS[other].name}</a></p>
</main>
</html>
`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
