/** `dkim rotate` */

import type { Command } from 'commander'

import type { DomainView } from '#product/domain'
import type { Operations } from '#product/operation'

import { answer, example } from './command.ts'
import type { Answer, Run } from './command.ts'
import { CliError } from './host.ts'
import { moment } from './print.ts'

type Options = { readonly activate?: boolean; readonly force?: boolean }

export function dkimCommands(program: Command, run: Run): void {
  const dkim = program.command('dkim').description('the DKIM keys of domains')
  const rotate = dkim
    .command('rotate')
    .description(
      'make new keys for a domain and print what to publish; then, with --activate, sign with them when the DNS shows them',
    )
    .argument('<name>', 'the domain, as it was added')
    .option('--activate', 'sign with the keys made before, and retire those that sign now')
    .option('--force', 'activate although the DNS does not show the new keys')
    .action(async (name: string, options: Options, command: Command) => {
      if (options.force === true && options.activate !== true)
        throw new CliError('usage', '--force goes with --activate')
      await answer(run, command, (node) => rotated(node, name, options))
    })
  example(rotate, 'hikyaku dkim rotate example.com', 'hikyaku dkim rotate example.com --activate')
}

async function rotated(node: Operations, name: string, { activate, force }: Options): Promise<Answer> {
  const view =
    activate === true
      ? await node.dkimActivate({ name, force: force === true })
      : await node.dkimRotate({ name })
  if (view === null)
    throw new CliError('missing', `no domain ${name}; hikyaku domain list shows those there are`)
  return { value: view, text: activate === true ? activated(view) : await begun(view) }
}

async function begun({ domain, keys, records }: DomainView): Promise<string> {
  const fresh = keys.filter(({ state }) => state === 'published')
  const names = new Set(fresh.map(({ record }) => record))
  const wanted = records.filter(({ purpose, value }) => purpose === 'dkim' && names.has(value))
  const { zoneLine } = await import('#product/domain')
  return (
    `Publish these records in DNS:\n\n${wanted.map((record) => `${zoneLine(record)}\n`).join('')}\n` +
    `The old keys sign until then. When the DNS shows the new ones: hikyaku dkim rotate ${domain.name} --activate\n`
  )
}

function activated({ domain, keys }: DomainView): string {
  const inState = (wanted: string): DomainView['keys'] => keys.filter(({ state }) => state === wanted)
  const active = inState('active').map(({ selector }) => `  ${selector}\n`)
  const retired = inState('retired').map(
    ({ selector, removableAt }) => `  ${selector}, until ${moment(removableAt)}\n`,
  )
  const keep =
    retired.length === 0 ? '' : `Leave the records of the retired keys in DNS:\n${retired.join('')}`
  return `${domain.name} is signed from now on with:\n${active.join('')}${keep}`
}
