/** `serve`, `start`, `status`, `reload`, `config check` */

import type { Command } from 'commander'

import type { NodeStatus } from '#product/operation'

import { answer, print } from './command.ts'
import type { Globals } from './command.ts'
import { EXIT } from './host.ts'
import type { CliHost } from './host.ts'
import { distance } from './print.ts'

/** `ended` is told the exit code of commands that decide it themselves. */
export function nodeCommands(program: Command, host: CliHost, ended: (code: number) => void): void {
  program
    .command('serve')
    .description(
      'run a node until SIGTERM (drains for up to 30 s) ; SIGHUP reads configuration and certificates again',
    )
    .action(async (_options: object, command: Command) =>
      ended(await host.serve(command.optsWithGlobals<Globals>())),
    )

  program
    .command('start')
    .description(
      'run a node with the sandbox receiver, ready for a first message; nothing leaves this machine',
    )
    .action(async (_options: object, command: Command) =>
      ended(await host.start(command.optsWithGlobals<Globals>())),
    )

  program
    .command('status')
    .description('the running node in a few lines')
    .action(async (_options: object, command: Command) => {
      await answer(host, command, async (node) => {
        const status = await node.status()
        return { value: status, text: describe(status, host.now()) }
      })
    })

  program
    .command('reload')
    .description('make the running node read configuration and certificates again; no session is dropped')
    .action(async (_options: object, command: Command) => {
      await answer(host, command, async (node) => {
        const { problems } = await node.reload()
        if (problems.length > 0) ended(EXIT.config)
        const text =
          problems.length === 0 ? 'Read again.\n' : `The old configuration stays:\n${lines(problems)}`
        return { value: { problems }, text }
      })
    })

  const config = program.command('config').description('the configuration')
  config
    .command('check')
    .description('tell every mistake of the configuration at once')
    .action(async (_options: object, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const report = await host.checkConfig(globals)
      if (report.problems.length > 0) ended(EXIT.config)
      const verdict = report.problems.length === 0 ? 'is good' : `has ${report.problems.length} mistakes`
      const warnings = report.warnings.map((warning) => `  warning: ${warning}\n`).join('')
      const text = `${report.path ?? 'The configuration (no file, defaults)'} ${verdict}\n${lines(report.problems)}${warnings}`
      print(host, globals, { value: report, text })
    })
}

function lines(problems: readonly string[]): string {
  return problems.map((problem) => `  ${problem}\n`).join('')
}

function describe(status: NodeStatus, now: number): string {
  const listeners = status.listeners
    .map(({ name, address, port }) => `  ${name}  ${address}:${port}\n`)
    .join('')
  const accepting = status.accepting
    ? 'accepting mail'
    : `not accepting mail: ${status.refusal ?? 'draining'}`
  return (
    `${status.node}, hikyaku ${status.version}, process ${status.pid}, started ${distance(status.startedAt, now)}\n` +
    `${accepting}\n${status.waiting} waiting, ${status.onWire} on the wire, ${status.held} held\n${listeners}`
  )
}
