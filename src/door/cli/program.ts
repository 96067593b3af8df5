/** The command line: one program, its commands in files of their own. */

import { Command, CommanderError } from 'commander'

import { OperationError } from '#product/operation'

import type { Globals } from './command.ts'
import { credentialCommands } from './credential.ts'
import { domainCommands } from './domain.ts'
import { CliError, EXIT } from './host.ts'
import type { CliHost } from './host.ts'
import { messageCommands } from './message.ts'
import { nodeCommands } from './node.ts'
import { queueCommand } from './queue.ts'
import { sendCommand } from './send.ts'

/** Runs one command line, without `node` and the script's name. Resolves with the exit code; never rejects. */
export async function runCli(args: readonly string[], host: CliHost, version: string): Promise<number> {
  let code: number = EXIT.ok
  const program = new Command('hikyaku')
    .description('An on-premises mail delivery platform.')
    .version(version)
    .option(
      '--config <file>',
      'the configuration file (default: hikyaku.toml here, then /etc/hikyaku/hikyaku.toml)',
    )
    .option('--json', 'answer with JSON')
    .configureOutput({ writeOut: (text) => host.out(text), writeErr: (text) => host.err(text) })
    .showSuggestionAfterError()
    .addHelpText('after', AFTER)
  nodeCommands(program, host, (ended) => {
    code = ended
  })
  domainCommands(program, host)
  credentialCommands(program, host)
  sendCommand(program, host)
  queueCommand(program, host)
  messageCommands(program, host)
  overrideExit(program)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    return failed(error, host, program.opts<Globals>().json === true)
  }
}

const AFTER = `
Exit codes: 0 done, 1 failed, 64 wrong usage, 66 no such thing, 69 the node does not run, 78 mistakes in the configuration.
Commands reach a running node by the control socket in its data directory; without one they open its stores themselves.`

/** Commander would end the process; here it throws, in subcommands too. */
function overrideExit(command: Command): void {
  command.exitOverride()
  for (const sub of command.commands) {
    sub.configureOutput(command.configureOutput())
    overrideExit(sub)
  }
}

function failed(error: unknown, host: CliHost, json: boolean): number {
  // Commander has printed its own words already; help and version are no failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  const message = error instanceof Error ? error.message : String(error)
  const code = exitCode(error)
  if (json) host.out(`${JSON.stringify({ error: { code: code.name, message } })}\n`)
  else host.err(`hikyaku: ${message}\n`)
  return EXIT[code.name]
}

function exitCode(error: unknown): { readonly name: Exclude<keyof typeof EXIT, 'ok'> } {
  if (error instanceof CliError) return { name: error.code }
  if (!(error instanceof OperationError)) return { name: 'failed' }
  switch (error.code) {
    case 'not-running':
      return { name: 'unavailable' }
    case 'invalid':
      return { name: 'usage' }
    case 'refused':
      return { name: 'failed' }
  }
}
