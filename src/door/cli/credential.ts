/** `credential add|list|revoke` */

import type { Command } from 'commander'

import type { Credential } from '#product/account'

import { answer } from './command.ts'
import { CliError } from './host.ts'
import type { CliHost } from './host.ts'
import { moment, table } from './print.ts'

export function credentialCommands(program: Command, host: CliHost): void {
  const credential = program.command('credential').description('SMTP logins, each of one organization')

  credential
    .command('add')
    .description('make a login; its password is shown once and never again')
    .option('--organization <name>', 'whose mail it may send', 'default')
    .option('--stream <name>', 'which stream its mail belongs to', 'transactional')
    .option('--note <text>', 'what it is for', '')
    .action(async (options: { organization: string; stream: string; note: string }, command: Command) => {
      await answer(host, command, async (node) => {
        const added = await node.credentialAdd(options)
        const { credential: made, password } = added
        const text =
          `login     ${made.login}\npassword  ${password}\n\n` +
          `Of ${made.organization}, stream ${made.stream}. The password is not stored; write it down now.\n`
        return { value: added, text }
      })
    })

  credential
    .command('list')
    .description('all logins, without their passwords')
    .action(async (_options: object, command: Command) => {
      await answer(host, command, async (node) => {
        const rows = await node.credentials()
        return { value: rows, text: table(rows, COLUMNS, 'No credentials yet: hikyaku credential add') }
      })
    })

  credential
    .command('revoke <login>')
    .description('end a login; sessions that used it may finish their transaction')
    .action(async (login: string, _options: object, command: Command) => {
      await answer(host, command, async (node) => {
        const revoked = await node.credentialRevoke({ login })
        if (revoked === null)
          throw new CliError(
            'missing',
            `no credential ${login}; hikyaku credential list shows those there are`,
          )
        return { value: revoked, text: `${revoked.login} is revoked since ${moment(revoked.revokedAt)}.\n` }
      })
    })
}

const COLUMNS = [
  { title: 'LOGIN', cell: (row: Credential) => row.login },
  { title: 'ORGANIZATION', cell: (row: Credential) => row.organization },
  { title: 'STREAM', cell: (row: Credential) => row.stream },
  { title: 'CREATED', cell: (row: Credential) => moment(row.createdAt) },
  { title: 'LAST USED', cell: (row: Credential) => moment(row.usedAt) },
  {
    title: 'STATE',
    cell: (row: Credential) => (row.revokedAt === undefined ? 'active' : `revoked ${moment(row.revokedAt)}`),
  },
  { title: 'NOTE', cell: (row: Credential) => row.note },
]
