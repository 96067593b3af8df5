/** `user list|owner-link` */

import type { Command } from 'commander'

import type { Member } from '#product/user'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
import { csv, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { listing, pageOf } from './listing.ts'
import type { Listing } from './listing.ts'
import { moment, table } from './print.ts'
import { cut } from './text.ts'

export function userCommands(program: Command, run: Run): void {
  const users = program.command('user').description('people who sign in to the HTTP API')
  listCommand(users, run)
  ownerLinkCommand(users, run)
}

function listCommand(users: Command, run: Run): void {
  const list = listing(users.command('list'), 'address')
    .description('who belongs to which organization, and as what; a search looks at address, name and role')
    .action(async (options: Listing, command: Command) => {
      await answer(run, command, async (node) => {
        const all = await node.users()
        const { rows, rest } = pageOf(all, options, {
          key: ({ email }) => email,
          text: ({ email, name, role }) => `${email} ${name} ${role}`,
        })
        const none = all.length === 0 ? 'No users yet: hikyaku user owner-link' : 'No such user.'
        return { value: rows, text: table(rows, COLUMNS, none) + rest, csv: () => csv(rows, FIELDS) }
      })
    })
  example(list, 'hikyaku user list', 'hikyaku user list --csv')
}

function ownerLinkCommand(users: Command, run: Run): void {
  const link = users
    .command('owner-link')
    .description(
      'make a link that works once within a day: who opens it becomes an owner, or an owner again with a new password',
    )
    .option('--organization <name>', 'of which; one that is new is made', 'default')
    .action(async ({ organization }: { readonly organization: string }, command: Command) => {
      await answer(run, command, async (node) => {
        const made = await node.ownerLink({ organization })
        const text =
          `${made.url}\n\n` +
          `Whoever opens it within a day becomes an owner of ${made.organization}. Earlier links of the organization work no more.\n`
        return { value: made, text }
      })
    })
  example(link, 'hikyaku user owner-link', 'hikyaku user owner-link --organization acme')
}

const COLUMNS = [
  { title: 'ADDRESS', cell: (row: Member) => cut(row.email, 60) },
  { title: 'ORGANIZATION', cell: (row: Member) => row.organization },
  { title: 'ROLE', cell: (row: Member) => row.role },
  { title: 'NAME', cell: (row: Member) => cut(row.name, 40) },
  { title: 'SINCE', cell: (row: Member) => moment(row.joinedAt) },
  { title: 'SIGNED IN', cell: (row: Member) => moment(row.signedInAt) },
]

const FIELDS: readonly Field<Member>[] = [
  ['email', ({ email }) => email],
  ['organization', ({ organization }) => organization],
  ['role', ({ role }) => role],
  ['name', ({ name }) => name],
  ['language', ({ language }) => language],
  ['joined', ({ joinedAt }) => isoTime(joinedAt)],
  ['signed_in', ({ signedInAt }) => isoTime(signedInAt)],
]
