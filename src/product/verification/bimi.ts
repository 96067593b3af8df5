/** Whether mail programs may show the logo of a domain: its BIMI record, and the DMARC policy that it needs. */

import type { Dns } from '#platform/dns'

import { quoted } from './finding.ts'
import type { Finding } from './finding.ts'
import { lookUp } from './lookup.ts'
import { parseTagList } from './tag-list.ts'

/** `dmarc`: what was found of the policy. Without a record there is nothing to say but that. */
export async function checkBimi(dns: Dns, domain: string, dmarc: readonly Finding[]): Promise<Finding> {
  const name = `default._bimi.${domain}`
  const found = await lookUp(dns, name, 'TXT')
  if (found.kind === 'unknown') return finding('warning', `${name} cannot be looked up now: ${found.why}`)
  const records =
    found.kind === 'found' ? found.records.filter((text) => /^v\s*=\s*BIMI1\s*(?:;|$)/i.test(text)) : []
  const [text] = records
  if (text === undefined) return finding('ok', `${domain} shows no logo (BIMI)`)
  if (records.length > 1) return finding('warning', `${name} has several records, and so none`, 'leave one')
  return judge(name, text, dmarc)
}

function judge(name: string, text: string, dmarc: readonly Finding[]): Finding {
  const tags = parseTagList(text)
  const logo = tags?.get('l') ?? ''
  if (tags === undefined || (logo !== '' && !isHttps(logo)))
    return finding(
      'warning',
      `${name} cannot be read: ${quoted(text)}`,
      'l= must be an https: address of an SVG Tiny PS file',
    )
  if (logo === '') return finding('ok', `${name} declines to show a logo`)
  if (!dmarc.some(({ text: said }) => /p=(?:quarantine|reject)$/.test(said)))
    return finding(
      'warning',
      `${name} has no effect: the DMARC policy only watches`,
      'BIMI needs p=quarantine or p=reject',
    )
  // Gmail and Apple show nothing without a certificate for the mark.
  return isHttps(tags.get('a') ?? '')
    ? finding('ok', `${name} names a logo and its certificate`)
    : finding(
        'ok',
        `${name} names a logo without a certificate (a=): some mail programs show it, Gmail and Apple do not`,
      )
}

function isHttps(text: string): boolean {
  return URL.parse(text)?.protocol === 'https:'
}

function finding(level: Finding['level'], text: string, advice?: string): Finding {
  return { level, check: 'bimi', text, ...(advice === undefined ? {} : { advice }) }
}
