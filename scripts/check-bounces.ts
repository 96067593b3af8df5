/** Holds docs/bounces.md to the taxonomy: its table is made of it. */

import { BOUNCE_CLASSES, CLASSES } from '#grammar/bounce'
import type { BounceClass, ClassWords } from '#grammar/bounce'

import { between } from './generated.ts'
import type { Tree } from './tree.ts'
import { cell } from './tree.ts'

const DOCUMENT = 'docs/bounces.md'

/** The reasons of other parsers of bounces, for who changes to this one; nothing where they have no word for it. */
const ELSEWHERE: Record<BounceClass, readonly string[]> = {
  'user-unknown': ['userunknown'],
  moved: ['hasmoved'],
  'host-unknown': ['hostunknown'],
  'no-mail': ['notaccept'],
  'mailbox-full': ['mailboxfull'],
  inactive: ['suspend'],
  suspended: ['suspend'],
  filtered: ['filtered'],
  'sender-rejected': ['rejected'],
  'relaying-denied': ['norelaying'],
  authentication: ['authfailure'],
  reputation: ['blocked', 'badreputation'],
  'reverse-dns': ['requireptr'],
  greylisted: ['blocked'],
  rate: ['speeding', 'toomanyconn', 'ratelimited'],
  policy: ['policyviolation'],
  security: ['securityerror'],
  spam: ['spamdetected'],
  virus: ['virusdetected'],
  content: ['contenterror'],
  noncompliant: ['notcompliantrfc'],
  'too-big': ['mesgtoobig', 'emailtoolarge', 'exceedlimit'],
  tls: ['failedstarttls', 'securityerror'],
  network: ['networkerror'],
  dns: ['networkerror'],
  expired: ['expired'],
  'system-full': ['systemfull'],
  'system-error': ['systemerror'],
  'mailer-error': ['mailererror'],
  syntax: ['syntaxerror'],
  suppressed: ['suppressed'],
  complaint: ['feedback'],
  unsubscribe: ['feedback'],
  'auto-reply': ['vacation'],
  delivered: ['delivered'],
  other: ['undefined', 'onhold'],
}

export function checkBounces(tree: Tree): string[] {
  return writeBounces(tree) === tree.get(DOCUMENT)
    ? []
    : [`${DOCUMENT}: differs from the taxonomy; npm run documents -- --write brings it up to date`]
}

/** The document with its table made anew. */
export function writeBounces(tree: Tree): string {
  const rows = BOUNCE_CLASSES.map((name) => {
    const { type, en, ja } = CLASSES[name]
    return `| \`${name}\` | ${type} | ${words(en, ' ')} | ${words(ja, '')} | ${ELSEWHERE[name].join(', ')} |\n`
  })
  const table = `| class | type | in English | 日本語 | elsewhere known as |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`
  return between(DOCUMENT, tree.get(DOCUMENT) ?? '', table)
}

function words({ what, todo }: ClassWords, space: string): string {
  return cell(`${what}${space}${todo}`)
}
