/**
 * Whom a notice in plain words names, and what it says of each. Mail systems write in a few shapes: an address that
 * begins a paragraph, a label with an address, a line that is an address; the shapes are told here, not the systems.
 */

import { addressesIn } from './returned-message.ts'

export type Named = {
  readonly address: string
  /** What is said of this address, its own line included. */
  readonly words: string
}

type Line = { readonly text: string; readonly addresses: readonly string[] }

/** Recipients of one notice that are looked at. */
const LIMIT = 100

/** Words before an address that only recipients have. */
const LABEL = new RegExp(
  `(?:${[
    'recipients?(?: address(?:es)?)?(?:\\(s\\))?',
    'rcpt to',
    'addressed to',
    'delivered to',
    'deliver(?:y|ed|ing)?(?: (?:the|your|this))?(?: e-?mail| mail)?(?: message| mail)? to',
    'undeliverable (?:to|address)',
    'original address',
    'error-for',
    'attempts',
    'userid',
    'allowed size',
    'failed for',
    'failed recipient',
    'unknown user',
    'unknown address',
    'no such user',
    'quota (?:exceeded|violation) (?:for|by)',
    'message (?:could not be|was not|cannot be|not) (?:delivered|sent) to',
    'did not reach',
    'your (?:e-?mail|mail|message) (?:to|for)',
    // Notices tell whom to ask, too.
    '(?<!forward (?:this|the|your) )message (?:to|for)',
    'mailbox (?:for|of)?',
    'account',
    'empf(?:ä|ae)nger',
    'destinataires?',
    'destinatarios?',
    'destinat[aá]rio',
    'получател[а-я]{0,3}',
    '(?:宛先|あて先|送信先|受信者|配信先)(?:の)?(?:メール)?(?:アドレス)?',
  ].join('|')})[ \\t]*[:：=]?[ \\t]*(?:was |is |were )?[<"'「\\[(]{0,2}$`,
  'iu',
)

/** Around an address in a line of its own: quotes, bullets, a name, a word about it after. */
const ALONE = /^[ \t]*(?:[*+•・>-]{1,3}[ \t]*)?(?:"[^"\n]{0,80}"[ \t]*|[\w .,'-]{0,60}[ \t]*)?[<"'[(]{0,2}$/

/** Who never is the recipient that failed. */
const STAFF =
  /^(?:postmaster|mailer-daemon|mail-daemon|abuse|hostmaster|support|helpdesk|no-?reply|mdaemon|listserv|delist(?:ing)?)@/i

/** What follows is about recipients, and what stands before may be about others. */
const INTRODUCTION = /(?:following|these) (?:e-?mail )?(?:recipient|address)[^\n]{0,80}\n/i

export function namedRecipients(notice: string, notThese: readonly string[]): readonly Named[] {
  const excluded = new Set(notThese.map((address) => address.toLowerCase()))
  const start = INTRODUCTION.exec(notice)?.index ?? 0
  const after = start === 0 ? [] : namedIn(notice.slice(start), excluded)
  return after.length > 0 ? after : namedIn(notice, excluded)
}

/** Who is written to in their own name: nobody else begins a paragraph with an address. */
export function leadingRecipients(notice: string): readonly Named[] {
  return blocksOf(linesOf(notice), (line) => leads(line, () => false))
}

function namedIn(notice: string, excluded: ReadonlySet<string>): readonly Named[] {
  const lines = linesOf(notice)
  const isOther = (address: string): boolean => excluded.has(address.toLowerCase())
  for (const shape of [leads, labelled, isAlone]) {
    const found = blocksOf(lines, (line) => shape(line, isOther))
    if (found.length > 0) return found
  }
  const anywhere = lines.flatMap(({ text, addresses }) =>
    addresses.filter((address) => !isSender(text, address)),
  )
  const others = anywhere.filter((address) => !isOther(address) && !STAFF.test(address))
  return [...new Set(others)].slice(0, LIMIT).map((address) => ({ address, words: notice }))
}

/** `mail from a@example.com` */
function isSender(text: string, address: string): boolean {
  return /(?<!generated |expanded )\bfrom:?[ \t]*<?$/i.test(text.slice(0, text.indexOf(address)).slice(-20))
}

function linesOf(notice: string): readonly Line[] {
  return notice
    .split('\n')
    .slice(0, 2000)
    .map((text) => ({ text, addresses: text.includes('@') ? addressesIn(text.slice(0, 2000)) : [] }))
}

type Shape = (line: Line, isOther: (address: string) => boolean) => string | undefined

/** `<a@example.com>: host …` of Postfix, qmail and many others: sure enough also for staff. */
const leads: Shape = ({ text, addresses: [address] }, isOther) => {
  if (address === undefined || isOther(address)) return undefined
  const start = text.trimStart()
  const bracketed = start.startsWith(`<${address}>`)
  const after = bracketed ? start.slice(address.length + 2).trimStart() : ''
  return bracketed &&
    (after === '' || after.startsWith(':') || after.startsWith('(') || after.startsWith('.'))
    ? address
    : undefined
}

const labelled: Shape = ({ text, addresses }, isOther) =>
  addresses.find(
    (address) => !isOther(address) && LABEL.test(text.slice(0, text.indexOf(address)).slice(-120)),
  )

const isAlone: Shape = ({ text, addresses }, isOther) =>
  addresses.find(
    (address) =>
      !isOther(address) && !STAFF.test(address) && ALONE.test(text.slice(0, text.indexOf(address))),
  )

/** What is said of an address goes to the next one, or to the end. */
function blocksOf(lines: readonly Line[], shape: (line: Line) => string | undefined): readonly Named[] {
  const starts: { readonly at: number; readonly address: string }[] = []
  for (const [at, line] of lines.entries()) {
    const address = shape(line)
    if (address !== undefined) starts.push({ at, address })
  }
  const blocks = new Map<string, Named>()
  for (const [n, { at, address }] of starts.entries()) {
    const end = starts[n + 1]?.at ?? lines.length
    const words = lines
      .slice(at, end)
      .map(({ text }) => text)
      .join('\n')
    const before = blocks.get(address.toLowerCase())
    if (before === undefined && blocks.size >= LIMIT) break
    blocks.set(
      address.toLowerCase(),
      before === undefined ? { address, words } : { ...before, words: `${before.words}\n${words}` },
    )
  }
  return [...blocks.values()]
}
