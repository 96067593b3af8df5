/** `domain add|list|show`; `domain verify` is in verify.ts, `domain reports|report` in domain-report.ts */

import type { Command } from 'commander'

import type { Domain, DnsRecord, DomainView, PublishedKey } from '#product/domain'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
import { csv, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { domainReportCommands } from './domain-report.ts'
import { CliError } from './host.ts'
import { listing, pageOf } from './listing.ts'
import type { Listing } from './listing.ts'
import { moment, table } from './print.ts'
import { verifyCommand } from './verify.ts'

export function domainCommands(program: Command, run: Run): void {
  const domain = program
    .command('domain')
    .description('the domains that mail is sent from, and their DKIM keys')

  const add = domain
    .command('add')
    .description('add a domain with new DKIM keys (RSA-2048 and Ed25519), and print what to publish')
    .argument('<name>', 'such as example.com or 例え.jp')
    .option('--organization <name>', 'whose domain it is', 'default')
    .action(async (name: string, options: { organization: string }, command: Command) => {
      await answer(run, command, async (node) => {
        const added = await node.domainAdd({ name, organization: options.organization })
        return { value: added, text: await describe(added) }
      })
    })

  example(add, 'hikyaku domain add example.com')

  const list = listing(domain.command('list'), 'name')
    .description('the domains, by name')
    .action(async (options: Listing, command: Command) => {
      await answer(run, command, async (node) => {
        const all = await node.domains()
        const { rows, rest } = pageOf(all, options, { key: ({ name }) => name, text: ({ name }) => name })
        const none = all.length === 0 ? 'No domains yet: hikyaku domain add example.com' : 'No such domain.'
        return { value: rows, text: table(rows, COLUMNS, none) + rest, csv: () => csv(rows, FIELDS) }
      })
    })

  example(
    list,
    'hikyaku domain list',
    'hikyaku domain list --match shop --organization acme',
    'hikyaku domain list --csv',
  )

  const show = domain
    .command('show')
    .description('one domain and the DNS records to publish')
    .argument('<name>', 'as it was added')
    .action(async (name: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const shown = await node.domainShow({ name })
        if (shown === null)
          throw new CliError('missing', `no domain ${name}; hikyaku domain list shows those there are`)
        return { value: shown, text: await describe(shown) }
      })
    })
  example(
    show,
    'hikyaku domain show example.com',
    "hikyaku domain show example.com --json | jq -r '.records[].value'",
  )

  removeCommand(domain, run)
  verifyCommand(domain, run)
  domainReportCommands(domain, run)
}

function removeCommand(domain: Command, run: Run): void {
  const remove = domain
    .command('remove')
    .description('remove a domain and its DKIM keys: mail from it is refused from then on')
    .argument('<name>', 'as it was added')
    .option('--organization <name>', 'whose claim, where several claim it')
    .action(async (name: string, options: { organization?: string }, command: Command) => {
      await answer(run, command, async (node) => {
        const removed = await node.domainRemove({ name, ...options })
        if (removed === null)
          throw new CliError('missing', `no domain ${name}; hikyaku domain list shows those there are`)
        return { value: removed, text: `${removed.name} of ${removed.organization} is removed.\n` }
      })
    })
  example(remove, 'hikyaku domain remove example.com')
}

const COLUMNS = [
  { title: 'DOMAIN', cell: (row: Domain) => row.name },
  { title: 'ORGANIZATION', cell: (row: Domain) => row.organization },
  { title: 'VERIFIED', cell: (row: Domain) => moment(row.verifiedAt) },
  { title: 'DNS', cell: (row: Domain) => row.health },
]

const FIELDS: readonly Field<Domain>[] = [
  ['domain', ({ name }) => name],
  ['organization', ({ organization }) => organization],
  ['created', ({ createdAt }) => isoTime(createdAt)],
  ['verified', ({ verifiedAt }) => isoTime(verifiedAt)],
  ['dns', ({ health }) => health],
  ['checked', ({ checkedAt }) => isoTime(checkedAt)],
]

const PURPOSE: Record<DnsRecord['purpose'], string> = {
  ownership: 'shows that the domain is the organization’s, for as long as it is used here',
  dkim: 'DKIM: receivers find the key of our signatures here',
  spf: 'SPF: the machines that may send for the domain',
  dmarc: 'DMARC: what receivers shall do with mail that is neither signed nor sent by us',
  'return-path': 'where bounces come back to',
  tracking: 'where links in mail lead',
  'dmarc-reports':
    'lets receivers send reports about the domain to another: without it they do not (RFC 7489 §7.1)',
  'tls-reports': 'where receivers report on TLS with the mail servers of the domain',
}

async function describe({ domain, keys, records, statuses }: DomainView): Promise<string> {
  // Only here: what it stands beside takes longer to load than most commands to run.
  const { zoneLine } = await import('#product/domain')
  const verified = domain.verifiedAt === undefined ? 'not verified' : `verified ${moment(domain.verifiedAt)}`
  const looked =
    domain.checkedAt === undefined ? '' : `, DNS ${domain.health}, looked at ${moment(domain.checkedAt)}`
  const head = `${domain.name} of ${domain.organization}, ${verified}${looked}\n`
  const signs = keys.map(
    (key) => `  key ${key.selector}  ${key.algorithm}  ${key.state}${afterwards(key, records)}\n`,
  )
  const lines = records.map((record) => {
    const { keepUntil, required } = record
    const need = keepUntil === undefined ? (required ? 'required' : 'advised') : `until ${moment(keepUntil)}`
    const status = statusOf(record, statuses)
    return `\n; ${PURPOSE[record.purpose]} (${need})${status}\n${zoneLine(record)}\n`
  })
  return `${head}${signs.join('')}\nPublish these records in DNS:\n${lines.join('')}`
}

/** What the last look found of it. */
function statusOf(record: DnsRecord, statuses: DomainView['statuses']): string {
  const found = statuses.find(
    ({ name, type, purpose }) => name === record.name && type === record.type && purpose === record.purpose,
  )
  return found === undefined ? '' : `: ${found.status}`
}

/** What a key that does not sign is there for. */
function afterwards({ state, record, since }: PublishedKey, records: DomainView['records']): string {
  switch (state) {
    case 'active':
      return ''
    case 'published':
      return ', waits for hikyaku dkim rotate --activate'
    case 'retired': {
      const mustStay = records.some(({ value }) => value === record)
      return ` ${moment(since)}, its record ${mustStay ? 'must stay for mail under way' : 'may be removed'}`
    }
  }
}
