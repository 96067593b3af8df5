/**
 * Whether the largest receivers would take a domain for a bulk sender that keeps their rules of 2024 and 2025, as far
 * as the DNS shows it: 5,000 messages a day to one of them are enough. What is sent, and what people think of it, no
 * lookup can tell: docs/transport-security.md has the rest of the rules.
 */

import type { Finding } from './finding.ts'

type Rules = { readonly receiver: string; readonly needs: readonly string[]; readonly otherwise: string }

const RULES: readonly Rules[] = [
  {
    receiver: 'Gmail',
    needs: ['spf', 'dkim', 'dmarc', 'ptr'],
    otherwise: 'defers and then refuses (4.7.x, 5.7.26)',
  },
  { receiver: 'Yahoo', needs: ['spf', 'dkim', 'dmarc', 'ptr'], otherwise: 'defers and then refuses (5.7.9)' },
  { receiver: 'Outlook', needs: ['spf', 'dkim', 'dmarc'], otherwise: 'refuses (5.7.515)' },
]

/** `findings`: those of the checks that the rules speak of; a warning is no breach. */
export function checkBulkRules(findings: readonly Finding[]): readonly Finding[] {
  const broken = new Set(
    findings.filter(({ level }) => level === 'problem').map(({ check }) => asRule(check)),
  )
  return RULES.map(({ receiver, needs, otherwise }) => {
    const missing = needs.filter((need) => broken.has(need))
    if (missing.length === 0)
      return {
        level: 'ok',
        check: 'bulk',
        text: `${receiver}: ${inWords(needs)} are as bulk senders must have them`,
      }
    const text = `${receiver} ${otherwise} bulk mail: it asks for ${inWords(missing)}`
    return { level: 'problem', check: 'bulk', text, advice: `mend what is said of ${inWords(missing)}` }
  })
}

/** Receivers look at SPF where the reverse-path is. */
function asRule(check: string): string {
  return check === 'return-path' ? 'spf' : check
}

function inWords(checks: readonly string[]): string {
  return checks.map((one) => one.toUpperCase()).join(', ')
}
