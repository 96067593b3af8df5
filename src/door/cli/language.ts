/** In which language reasons are told: what --lang says, otherwise what the environment does. */

import type { Command } from 'commander'

import { LANGUAGES, languageOf } from '#product/explanation'
import type { Language } from '#product/explanation'

import type { Globals, Run } from './command.ts'
import { CliError } from './host.ts'

export function languageFor({ host }: Run, command: Command): Language {
  return command.optsWithGlobals<Globals>().lang ?? languageOf(host.locale)
}

/** Reads the argument of --lang. */
export function languageArgument(text: string): Language {
  const language = LANGUAGES.find((one) => one === text)
  if (language === undefined)
    throw new CliError('usage', `--lang takes ${LANGUAGES.join(' or ')}, not ${text}`)
  return language
}
