/** `domain verify` */

import type { Command } from 'commander'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
import { checked } from './findings.ts'
import { CliError } from './host.ts'

export function verifyCommand(domain: Command, run: Run): void {
  const verify = domain
    .command('verify')
    .description(
      'look up in the DNS what domain show says to publish; exit code 1 when mail would be refused',
    )
    .argument('<name>', 'as it was added')
    .action(async (name: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const found = await node.domainVerify({ name })
        if (found === null)
          throw new CliError('missing', `no domain ${name}; hikyaku domain list shows those there are`)
        return checked(found, `${found.domain}\n`, found.findings)
      })
    })
  example(
    verify,
    'hikyaku domain verify example.com',
    `hikyaku domain verify example.com --json | jq -r '.findings[] | select(.level=="problem").text'`,
  )
}
