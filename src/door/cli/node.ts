/** `serve`, `start`, `status`, `reload`, `config check` */

import type { Command } from 'commander'

import type { NodeStatus, Reloaded } from '#product/operation'

import { answer, example, print } from './command.ts'
import type { Globals, Run } from './command.ts'
import type { ConfigReport } from './host.ts'
import { count, distance } from './print.ts'

export function nodeCommands(program: Command, run: Run): void {
  runningCommands(program, run)
  statusCommands(program, run)
  const config = program.command('config').description('the configuration')
  const check = config
    .command('check')
    .description('tell every mistake of the configuration at once')
    .action(async (_options: object, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const report = await run.host.checkConfig(globals)
      const exit = report.problems.length > 0 ? 'config' : 'ok'
      print(run, globals, { value: report, text: describeReport(report), exit })
    })
  example(check, 'hikyaku config check --config /etc/hikyaku/hikyaku.toml')
}

function runningCommands(program: Command, { host, end }: Run): void {
  const start = program
    .command('start')
    .description(
      'try it out: a node with a sandbox that receives all mail, so that nothing leaves this machine',
    )
    .action(async (_options: object, command: Command) =>
      end(await host.start(command.optsWithGlobals<Globals>())),
    )
  example(start, 'hikyaku start')

  const serve = program
    .command('serve')
    .description(
      'run a node until SIGTERM, which lets transactions end first; SIGHUP reads configuration and certificates again',
    )
    .action(async (_options: object, command: Command) =>
      end(await host.serve(command.optsWithGlobals<Globals>())),
    )
  example(serve, 'hikyaku serve --config /etc/hikyaku/hikyaku.toml')
}

function statusCommands(program: Command, run: Run): void {
  const status = program
    .command('status')
    .description('the running node in a few lines')
    .action(async (_options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const value = await node.status()
        return { value, text: describeStatus(value, run.host.now()) }
      })
    })
  example(status, 'hikyaku status')

  const reload = program
    .command('reload')
    .description('make the running node read configuration and certificates again; no session is dropped')
    .action(async (_options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const value = await node.reload()
        return { value, text: describeReload(value), exit: value.problems.length > 0 ? 'config' : 'ok' }
      })
    })
  example(reload, 'hikyaku reload')
}

function lines(of: readonly string[], before = ''): string {
  return of.map((line) => `  ${before}${line}\n`).join('')
}

function describeReport({ path, problems, warnings }: ConfigReport): string {
  const verdict = problems.length === 0 ? 'is good' : `has ${count(problems.length, 'mistake', 'mistakes')}`
  const name = path ?? 'The configuration (no file: defaults and environment)'
  return `${name} ${verdict}\n${lines(problems)}${lines(warnings, 'warning: ')}`
}

function describeReload({ problems, restart }: Reloaded): string {
  if (problems.length > 0) return `The old configuration stays:\n${lines(problems)}`
  const later = restart.length === 0 ? '' : `These changes hold only after a restart: ${restart.join(', ')}\n`
  return `Read again.\n${later}`
}

function describeStatus(status: NodeStatus, now: number): string {
  const listeners = status.listeners.map(
    ({ name, address, port }) => `${name}  ${address.includes(':') ? `[${address}]` : address}:${port}`,
  )
  const accepting = status.accepting
    ? 'accepting mail'
    : `not accepting mail: ${status.refusal ?? 'it is shutting down'}`
  return (
    `${status.node}, hikyaku ${status.version}, process ${status.pid}, started ${distance(status.startedAt, now)}\n` +
    `${accepting}\n${status.waiting} waiting, ${status.onWire} on the wire, ${status.held} held\n${lines(listeners)}`
  )
}
