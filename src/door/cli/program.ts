/** The command line: one program, its commands in files of their own. */

import { Command, CommanderError } from 'commander'

import { OperationError } from '#product/operation'

import { apiKeyCommands } from './api-key.ts'
import { auditCommand } from './audit.ts'
import { bounceCommands } from './bounce.ts'
import { example } from './command.ts'
import type { Run } from './command.ts'
import { credentialCommands } from './credential.ts'
import { dkimCommands } from './dkim.ts'
import { doctorCommand } from './doctor.ts'
import { domainCommands } from './domain.ts'
import { eventsCommand } from './event.ts'
import { CliError, EXIT } from './host.ts'
import type { CliHost } from './host.ts'
import { languageArgument } from './language.ts'
import { messageCommands } from './message.ts'
import { nodeCommands } from './node.ts'
import { postmasterCommands } from './postmaster.ts'
import { queueCommand } from './queue.ts'
import { quotaCommands } from './quota.ts'
import { reputationCommand } from './reputation.ts'
import { reportCommand } from './report.ts'
import { rehearseCommand } from './rehearse.ts'
import { sendCommand } from './send.ts'
import { sourceCommands } from './source.ts'
import { suppressionCommands } from './suppression.ts'
import { shapingCommands } from './shaping.ts'
import { warmUpCommands } from './warm-up.ts'
import { webhookCommands } from './webhook.ts'
import { harmlessJson } from './text.ts'
import { tlsCommands } from './tls.ts'
import { traceCommand } from './trace.ts'
import { userCommands } from './user.ts'

/** Runs one command line, without `node` and the script's name. Resolves with the exit code; never rejects. */
export async function runCli(args: readonly string[], host: CliHost, version: string): Promise<number> {
  let code: number = EXIT.ok
  const json = wantsJson(args)
  const program = commandLine(
    {
      host,
      end(ended) {
        code = ended
      },
    },
    version,
  )
  forAll(program, (command) => {
    // Commander would end the process; here it throws.
    command.exitOverride()
    command.showHelpAfterError(`${nameOf(command)} --help tells more`)
    command.configureOutput({
      writeOut: (text) => host.out(text),
      writeErr: (text) => (json ? undefined : host.err(text)),
      outputError: (text, write) => write(text.replace(/^error: /, 'hikyaku: ')),
    })
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    return failed(error, host, json)
  }
}

/** Also of a line that cannot be parsed. What follows `--` is no option. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end < 0 ? args : args.slice(0, end)).includes('--json')
}

/** The commands with their options and help; nothing runs before it is parsed. */
export function commandLine(run: Run, version: string): Command {
  const program = new Command('hikyaku')
    .description('An on-premises mail delivery platform.')
    .version(version, '-V, --version', 'print the version')
    .option(
      '--config <file>',
      'the configuration file (default: $HIKYAKU_CONFIG, else hikyaku.toml here, else /etc/hikyaku/hikyaku.toml)',
    )
    .option('--json', 'answer in JSON, errors too')
    .option(
      '--lang <language>',
      'tell reasons in en or ja (default: as the locale of the environment)',
      languageArgument,
    )
    .helpOption('-h, --help', 'tell what a command does')
    .helpCommand('help [command]', 'the same')
    .addHelpText('after', AFTER)
  nodeCommands(program, run)
  sendCommand(program, run)
  queueCommand(program, run)
  messageCommands(program, run)
  shapingCommands(program, run)
  warmUpCommands(program, run)
  rehearseCommand(program, run)
  traceCommand(program, run)
  bounceCommands(program, run)
  domainCommands(program, run)
  dkimCommands(program, run)
  doctorCommand(program, run)
  tlsCommands(program, run)
  credentialCommands(program, run)
  apiKeyCommands(program, run)
  webhookCommands(program, run)
  quotaCommands(program, run)
  userCommands(program, run)
  auditCommand(program, run)
  suppressionCommands(program, run)
  postmasterCommands(program, run)
  sourceCommands(program, run)
  reputationCommand(program, run)
  eventsCommand(program, run)
  reportCommand(program, run)
  return example(
    program,
    'hikyaku start',
    'hikyaku message list --state waiting',
    'hikyaku queue --json | jq .',
  )
}

const AFTER = `
Commands reach a running node by the control socket in its data directory; without one they open its stores themselves.
Exit codes: 0 done, 1 failed, 64 wrong usage, 66 no such thing, 69 the node does not run, 78 mistakes in the configuration.`

export function forAll(command: Command, act: (command: Command) => void): void {
  act(command)
  for (const sub of command.commands) forAll(sub, act)
}

/** `hikyaku message list` */
export function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

type Failure = { readonly code: Exclude<keyof typeof EXIT, 'ok'>; readonly message: string }

function failed(error: unknown, host: CliHost, json: boolean): number {
  // Commander has told people in its own words already; help and version are no failures.
  const told = error instanceof CommanderError
  if (told && error.exitCode === 0) return EXIT.ok
  const failure = told ? misused(error) : failureOf(error)
  if (json) host.out(`${harmlessJson({ error: failure })}\n`)
  else if (!told) host.err(`hikyaku: ${failure.message}\n`)
  return EXIT[failure.code]
}

function misused({ code, message }: CommanderError): Failure {
  const isHelp = code === 'commander.help' || code === 'commander.helpDisplayed'
  const words = isHelp ? 'a command is missing; --help lists them' : message.replace(/^error: /, '')
  return { code: 'usage', message: words.replaceAll(/\s*\n\s*/g, ' ') }
}

function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return { code: error.code, message: error.message }
  if (error instanceof OperationError) return { code: OPERATION[error.code], message: error.message }
  return { code: 'failed', message: wordsOf(error) }
}

const OPERATION = { 'not-running': 'unavailable', invalid: 'usage', refused: 'failed' } as const

/** Some errors have no words of their own, such as those of several connections that all failed. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  if (error instanceof AggregateError) return error.errors.map(wordsOf).join('; ')
  return error.name
}
