/** What a request asks for, by its method, its path and its form. Only a POST changes anything: scanners follow every link. */

import type { Asked } from '#product/tracking'

import type { Language } from './words.ts'

export type Request = {
  readonly method: string
  /** Path and query. */
  readonly target: string
}

export type Place =
  | { readonly at: 'open' | 'click' | 'preferences'; readonly token: string; readonly language?: Language }
  | { readonly at: 'robots' | 'nowhere' }

/** Characters of a request target. */
const TARGET = 4_200

const PLACES = new Map<string, 'open' | 'click' | 'preferences'>([
  ['o', 'open'],
  ['c', 'click'],
  ['u', 'preferences'],
])

export function placeOf(target: string): Place {
  if (target.length > TARGET) return { at: 'nowhere' }
  const [path = '', query = ''] = target.split('?', 2)
  if (path === '/robots.txt') return { at: 'robots' }
  const [, name = '', token = '', ...more] = path.split('/')
  const at = PLACES.get(name)
  if (at === undefined || token === '' || more.length > 0) return { at: 'nowhere' }
  const language = /(?:^|&)language=(ja|en)(?:&|$)/.exec(query)?.[1]
  return { at, token, ...(language !== undefined && { language: language as Language }) }
}

/** Octets of a form; ours have fewer than 100, those of mail programs 200. */
export const FORM = 4_096

export type Form = { readonly asked: Asked; readonly language?: Language }

/**
 * What a form asks for; `undefined` for nothing that is known. `type` is its Content-Type: RFC 8058 §3.2 has mail programs
 * send multipart/form-data, or a form as browsers do.
 */
export async function formOf(type: string, body: Uint8Array): Promise<Form | undefined> {
  const fields = await fieldsOf(type, body)
  if (fields === undefined) return undefined
  const language = fields.get('language')
  const of = language === 'ja' || language === 'en' ? ({ language } as const) : {}
  if (fields.get('list-unsubscribe')?.toLowerCase() === 'one-click') return { asked: 'one-click', ...of }
  const asked = fields.get('do')
  return asked === 'stream' || asked === 'all' || asked === 'again' ? { asked, ...of } : undefined
}

async function fieldsOf(type: string, body: Uint8Array): Promise<ReadonlyMap<string, string> | undefined> {
  const isMultipart = /^multipart\/form-data\s*;/i.test(type)
  // Whatever else it is called, or is not called: one field of a form looks the same.
  const headers = { 'content-type': isMultipart ? type : 'application/x-www-form-urlencoded' }
  try {
    const form = await new Response(Uint8Array.from(body), { headers }).formData()
    const texts = Array.from(form).filter((one): one is [string, string] => typeof one[1] === 'string')
    return new Map(texts.map(([name, value]) => [name.toLowerCase(), value.trim()]))
  } catch {
    return undefined
  }
}
