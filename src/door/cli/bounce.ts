/** `bounce classify`: what messages that came in are, or what a reply means. Asks no node. */

import type { Command } from 'commander'

import type { JudgedMessage, JudgedRecipient, Stage } from '#engine/bounce'
import { classWords } from '#grammar/bounce'
import type { BounceClass } from '#grammar/bounce'
import type { Language } from '#product/explanation'

import { example, print } from './command.ts'
import type { Answer, Globals, Run } from './command.ts'
import { CliError } from './host.ts'
import type { CliHost } from './host.ts'
import { languageFor } from './language.ts'
import { cut, harmless, harmlessJson } from './text.ts'

type Options = {
  readonly reply?: string
  readonly stage?: Stage
  readonly host?: string
  readonly domain?: string
}

export function bounceCommands(program: Command, run: Run): void {
  const bounce = program.command('bounce').description('Why mail was not taken')

  const classify = bounce
    .command('classify')
    .description('tell what messages that came in are, and why each recipient failed; or what a reply means')
    .argument('[files...]', 'messages as files, each read whole; - is standard input')
    .option('--reply <text>', 'a reply such as "550 5.1.1 No such user", instead of files')
    .option(
      '--stage <stage>',
      'where it was said: connect, ehlo, auth, mail, rcpt, data or end-of-data',
      stageArgument,
    )
    .option('--host <name>', 'the host that said it')
    .option('--domain <name>', "the recipient's domain")
    .action(async (files: readonly string[], options: Options, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      if ((options.reply === undefined) === (files.length === 0))
        throw new CliError('usage', 'bounce classify takes either files or --reply')
      if (options.reply === undefined) await classifyFiles(run, command, files)
      else print(run, globals, await replyAnswer(options.reply, options, languageFor(run, command)))
    })

  example(
    classify,
    'hikyaku bounce classify bounce.eml',
    'hikyaku bounce classify --json maildir/new/* | jq .kind',
    'hikyaku bounce classify --reply "550 5.1.1 No such user" --stage rcpt',
  )
}

const STAGES = new Map<string, Stage>([
  ['connect', 'connect'],
  ['greeting', 'greeting'],
  ['ehlo', 'EHLO'],
  ['auth', 'AUTH'],
  ['mail', 'MAIL'],
  ['rcpt', 'RCPT'],
  ['data', 'DATA'],
  ['end-of-data', 'end of data'],
])

function stageArgument(text: string): Stage {
  const stage = STAGES.get(text.toLowerCase())
  if (stage === undefined)
    throw new CliError('usage', `--stage takes one of ${[...STAGES.keys()].join(', ')}, not ${text}`)
  return stage
}

/** The rules are loaded by the commands that need them. */
async function replyAnswer(
  text: string,
  { stage, host, domain }: Options,
  language: Language,
): Promise<Answer> {
  const { classifyReply } = await import('#engine/bounce')
  const { quotedReply } = await import('#grammar/incoming')
  const classified = classifyReply({
    ...quotedReply(text),
    text,
    ...(stage === undefined ? {} : { stage }),
    ...(host === undefined ? {} : { host: host.toLowerCase() }),
    ...(domain === undefined ? {} : { domain: domain.toLowerCase() }),
  })
  const value = { ...classified, explanation: explanationOf(classified.class) }
  const words = `${classified.class} (${classified.type}), by ${classified.rule}\n${sentence(classified.class, language)}\n`
  return { value, text: words }
}

/** One at a time and each told at once: a folder of a year has more messages than memory. */
async function classifyFiles({ host }: Run, command: Command, files: readonly string[]): Promise<void> {
  const json = command.optsWithGlobals<Globals>().json === true
  const language = languageFor({ host, end: () => {} }, command)
  const { judgeIncoming } = await import('#engine/bounce')
  for (const file of files) {
    // In turn: the answers keep the order of the arguments.
    // oxlint-disable-next-line no-await-in-loop
    const judged = judgeIncoming(await contentOf(host, file))
    host.out(json ? `${harmlessJson(valueOf(file, judged))}\n` : textOf(file, judged, language))
  }
}

async function contentOf(host: CliHost, file: string): Promise<Buffer> {
  if (file === '-') return host.input()
  try {
    return await host.readFile(file)
  } catch (error) {
    throw new CliError('missing', `${file} cannot be read`, { cause: error })
  }
}

function valueOf(file: string, { recipients, ...judged }: JudgedMessage): object {
  return {
    file,
    ...judged,
    recipients: recipients.map((one) => ({ ...one, explanation: explanationOf(one.class) })),
  }
}

/** In both languages: programs keep it for people they do not know yet. */
function explanationOf(name: BounceClass): Record<Language, string> {
  return { en: sentence(name, 'en'), ja: sentence(name, 'ja') }
}

function sentence(name: BounceClass, language: Language): string {
  const { what, todo } = classWords(name)[language]
  return `${what}${language === 'en' ? ' ' : ''}${todo}`
}

function textOf(file: string, { kind, recipients, report }: JudgedMessage, language: Language): string {
  const what = report === undefined ? kind : `${kind} (${report})`
  return [`${harmless(file)}: ${what}\n`, ...recipients.map((one) => recipientText(one, language))].join('')
}

function recipientText(
  { recipient, type, rule, diagnostic, ...one }: JudgedRecipient,
  language: Language,
): string {
  const verdict = type === 'none' ? one.class : `${one.class} (${type})`
  const said = diagnostic === '' ? '' : `    ${cut(harmless(diagnostic), 120)}\n`
  return `  ${harmless(recipient)}  ${verdict}, by ${rule}\n${said}    ${sentence(one.class, language)}\n`
}
