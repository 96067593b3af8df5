/** What each command is for, as its own help says it: for docs/cli.md. */

import type { Command, Option } from 'commander'

import { examplesOf } from './command.ts'
import { commandLine, forAll, nameOf } from './program.ts'

export type Manual = {
  /** `hikyaku message list`; the program itself is the first. */
  readonly name: string
  /** `hikyaku message list [options]` */
  readonly usage: string
  readonly is: string
  readonly rows: readonly ManualRow[]
  readonly examples: readonly string[]
}

/** An argument such as `<id>`, or an option such as `--limit <rows>`. */
export type ManualRow = { readonly written: string; readonly is: string; readonly default?: string }

/** The program, then every command that does something, in the order of the help. */
export function manual(): readonly Manual[] {
  const found: Manual[] = []
  // Nothing is parsed, so nothing is run: no command asks its host for anything.
  const program = commandLine({ host: nobody, end: () => {} }, '')
  forAll(program, (command) => {
    if (command === program || command.commands.length === 0) found.push(manualOf(command))
  })
  return found
}

const nobody = {} as Parameters<typeof commandLine>[0]['host']

function manualOf(command: Command): Manual {
  return {
    name: nameOf(command),
    usage: `${nameOf(command)} ${command.usage()}`.trim(),
    is: command.description(),
    rows: [
      ...command.registeredArguments.map((argument) => ({
        written: argument.variadic ? `[${argument.name()}...]` : `<${argument.name()}>`,
        is: argument.description,
      })),
      ...command.options.map(optionRow),
    ],
    examples: examplesOf(command),
  }
}

function optionRow({ flags, description, mandatory, defaultValue }: Option): ManualRow {
  const value: unknown = defaultValue
  return {
    written: flags,
    is: mandatory ? `${description} (required)` : description,
    ...(typeof value === 'string' || typeof value === 'number' ? { default: String(value) } : {}),
  }
}
