/** Notices in plain words, without a report for machines: whom they name, and what they quote. */

import { leadingRecipients, namedRecipients } from './named-recipients.ts'
import type { Named } from './named-recipients.ts'
import type { Action } from '#grammar/report'
import { oneLine } from '#grammar/report'
import { quotedReply } from './reply-text.ts'
import { addressesIn } from './returned-message.ts'
import type { Reported } from './status-report.ts'

export type Plain = {
  readonly notice: string
  readonly action: Action
  /** X-Failed-Recipients, which Exim and others write. */
  readonly failed: string
  /** Who never is the recipient: sender, and who reports. */
  readonly notThese: readonly string[]
  /** Whom the message was for, as it came back. */
  readonly original: readonly string[]
  /** The domain of the system that reports. */
  readonly domain: string
}

/** The first that finds somebody: the field made for it, the words, the message that came back, a bare name. */
export function plainReport(plain: Plain): readonly Reported[] {
  const { notice, notThese, original } = plain
  const named = namedRecipients(notice, notThese)
  const failed = addressesIn(plain.failed).map((address) => withWords(address, named, notice))
  const found = [failed, named, original.map((address) => ({ address, words: notice })), bareNames(plain)]
  const some = found.find(({ length }) => length > 0) ?? leadingRecipients(notice)
  return some.map((one) => reported(one, plain))
}

function withWords(address: string, named: readonly Named[], notice: string): Named {
  return (
    named.find((one) => one.address.toLowerCase() === address.toLowerCase()) ?? { address, words: notice }
  )
}

/** `A Person on Fri, 14 Sep 2007 …` of Exchange 5.5, which may know no address of its own people. */
const DATED = /recipient\(s\):[ \t]*\n{1,3}[ \t]*([^\n@]{2,80}?) on \p{L}{2,4}\.?, \d/u

/** `screenname` in a line of its own after a line that ends in a colon; a person with a date. */
function bareNames({ notice, domain }: Plain): readonly Named[] {
  const person = DATED.exec(notice)?.[1]
  if (person !== undefined) return [{ address: person, words: notice }]
  const name = /:[ \t]*\n{1,3}[ \t]+([\w.-]{2,64})[ \t]*(?:\n|$)/.exec(notice)?.[1]
  return name === undefined || domain === '' ? [] : [{ address: `${name}@${domain}`, words: notice }]
}

function reported({ address, words }: Named, { notice, action }: Plain): Reported {
  const near = quotedReply(words)
  const far = near.code === 0 && near.enhanced === '' ? quotedReply(notice) : near
  const stage = near.stage ?? quotedReply(notice).stage
  return {
    recipient: address,
    action,
    status: near.enhanced === '' ? far.enhanced : near.enhanced,
    code: far.code,
    enhanced: far.enhanced,
    ...(stage === undefined ? {} : { stage }),
    remoteMta: hostIn(words) ?? hostIn(notice) ?? '',
    diagnostic: saidIn(words) ?? saidIn(notice) ?? oneLine(words, 500),
    more: [words, notice],
  }
}

const HOST = [
  /\bhost ([\w.-]{3,255})\s{0,3}\[[\d.a-f:IPv]{3,60}\]/i,
  /while talking to ([\w.-]{3,255}?)\.?:/i,
  /^(?:server|host) ([\w.-]{3,255})/im,
  /remote[- ](?:mta|host|server)[ \t]*[:=][ \t]*<?([\w.-]{3,255})/i,
]

function hostIn(text: string): string | undefined {
  for (const pattern of HOST) {
    const host = pattern.exec(text.slice(0, 8000))?.[1]
    if (host !== undefined) return host.toLowerCase()
  }
  return undefined
}

const SAID = [
  /(?:said|responded|replied|response|error was)\s{0,3}:\s{0,5}(\S[^]{0,600})/i,
  /\(reason: ([^\n]{3,600})\)/i,
  /^[ \t]*<<< ?([45]\d\d[^]{1,600})/im,
  /^(?:.{0,200}[\s:'"])?([45][0-5]\d[ -](?:[45]\.\d{1,3}\.\d{1,3}[ -])?[^]{2,600})/im,
]

/** The reply as the notice quotes it, to the end of its paragraph. */
function saidIn(text: string): string | undefined {
  for (const pattern of SAID) {
    const said = pattern.exec(text.slice(0, 8000))?.[1]
    if (said !== undefined) return oneLine(said.split(/\n[ \t]*\n/, 1)[0] ?? said, 500)
  }
  return undefined
}
