/** `doctor` */

import type { Command } from 'commander'

import { example, print } from './command.ts'
import type { Globals, Run } from './command.ts'
import { checked } from './findings.ts'

export function doctorCommand(program: Command, run: Run): void {
  const doctor = program
    .command('doctor')
    .description(
      'look at everything that mail depends on: configuration, disk, certificate, clock, DNS, addresses, ports, the node, the domains; exit code 1 when mail would be refused or lost',
    )
    .option(
      '--probe <domain>',
      'greet a mail host and the web server of this domain: is port 25 open, is the clock right',
    )
    .action(async (options: { readonly probe?: string }, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const findings = await run.host.doctor({ ...globals, ...options })
      print(run, globals, await checked({ findings }, '', findings))
    })
  example(doctor, 'hikyaku doctor', 'hikyaku doctor --probe example.com')
}
