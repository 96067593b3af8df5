/** What of a mailing `rehearse` is told: a mix of domains, or a list of recipients. */

import { parseDomain } from '#grammar/address'

import { CliError } from './host.ts'
import type { CliHost, RehearsalPlan } from './host.ts'

type Asked = { readonly messages?: number; readonly to?: string; readonly file?: string }

/** @throws {CliError} `usage` where it is no plan */
export async function sharesOf(
  { messages, to, file }: Asked,
  host: Pick<CliHost, 'readFile'>,
): Promise<RehearsalPlan['shares']> {
  if ((to === undefined) === (file === undefined))
    throw new CliError('usage', 'either --to with a mix of domains, or --file with recipients is needed')
  const counts = file === undefined ? mixOf(to ?? '', messages) : listOf(await host.readFile(file))
  if (counts.size === 0) throw new CliError('usage', 'there is no recipient in it')
  return Array.from(counts, ([domain, number]) => ({ domain, count: number }))
}

/** `gmail.com=40%,example.jp=5000` */
function mixOf(to: string, messages: number | undefined): ReadonlyMap<string, number> {
  const items = to.split(',').map(itemOf)
  const percent = items.reduce((sum, { number, isShare }) => sum + (isShare ? number : 0), 0)
  if (percent > 0 && messages === undefined)
    throw new CliError('usage', 'shares need --messages, of which they are shares')
  if (percent > 0 && Math.abs(percent - 100) > 0.1)
    throw new CliError('usage', `the shares add up to ${percent} %, not to 100`)
  const counts = new Map<string, number>()
  for (const { domain, number, isShare } of items) {
    const part = isShare ? ((messages ?? 0) * number) / 100 : number
    counts.set(domain, (counts.get(domain) ?? 0) + Math.round(part))
  }
  return counts
}

function itemOf(item: string): {
  readonly domain: string
  readonly number: number
  readonly isShare: boolean
} {
  const [, name = '', number = '', sign = ''] = ITEM.exec(item) ?? []
  const domain = parseDomain(name)
  if (domain === undefined)
    throw new CliError('usage', `${item} is not a domain with its share, such as gmail.com=40%`)
  return { domain, number: Number(number), isShare: sign === '%' }
}

const ITEM = /^\s*([^=\s]{1,255})=(\d{1,12}(?:\.\d{1,3})?)(%?)\s*$/

/** Of each line the first address; what has none, such as a head line, is passed over. */
function listOf(bytes: Buffer): ReadonlyMap<string, number> {
  const written = new Map<string, number>()
  const text = bytes.toString('utf8')
  for (let at = text.indexOf('@'); at >= 0;) {
    const name = /^[^\s,;"'<>|]{0,255}/.exec(text.slice(at + 1, at + 257))?.[0] ?? ''
    written.set(name, (written.get(name) ?? 0) + 1)
    const end = text.indexOf('\n', at)
    at = end < 0 ? -1 : text.indexOf('@', end)
  }
  const counts = new Map<string, number>()
  for (const [name, number] of written) {
    const domain = parseDomain(name)
    if (domain !== undefined) counts.set(domain, (counts.get(domain) ?? 0) + number)
  }
  return counts
}
