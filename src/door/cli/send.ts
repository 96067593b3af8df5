/** `send`: hands a message to the node, from a file or made of options. */

import { basename } from 'node:path'

import { Option } from 'commander'
import type { Command } from 'commander'

import { answer, collect, example } from './command.ts'
import type { Run } from './command.ts'
import { CliError } from './host.ts'
import type { CliHost } from './host.ts'

type Options = {
  readonly from: string
  readonly to: readonly string[]
  readonly subject?: string
  readonly text?: string
  readonly html?: string
  readonly attach?: readonly string[]
  readonly file?: string
  readonly organization: string
  readonly stream: string
}

const MADE = ['subject', 'text', 'html', 'attach']

export function sendCommand(program: Command, run: Run): void {
  const send = program
    .command('send')
    .description('send a message: from a file (RFC 5322), or made of the options given')
    .requiredOption(
      '--from <address>',
      'reverse-path, and author when a message is made; "" for the null one',
    )
    .requiredOption('--to <address>', 'recipient; may be given several times', collect)
    .option('--subject <text>', 'of a message that is made')
    .option('--text <text>', 'plain text; - reads standard input')
    .option('--html <text>', 'an HTML alternative')
    .option('--attach <file>', 'a file to attach; may be given several times', collect)
    .addOption(
      new Option('--file <path>', 'send this message as it is; - reads standard input').conflicts(MADE),
    )
    .option('--organization <name>', 'who sends', 'default')
    .option('--stream <name>', 'which stream it belongs to', 'transactional')
    .action(async (options: Options, command: Command) => {
      const content = await contentOf(options, run.host)
      await answer(run, command, async (node) => {
        const { from, to, organization, stream } = options
        const envelope = { from: addressOf(from), to: to.map(addressOf), organization, stream }
        const { id } = await node.send({ ...envelope, content: content.toString('base64') })
        return { value: { id }, text: `queued as ${id}; hikyaku message show ${id} tells how it goes\n` }
      })
    })
  example(
    send,
    "hikyaku send --from you@example.org --to user@example.com --subject Hello --text 'First message'",
    'hikyaku send --from you@example.org --to user@example.com --file message.eml',
  )
}

/** `Name <address>` is an author; the envelope has the address alone. RFC 5321 §4.1.1.2 */
function addressOf(text: string): string {
  return /<([^<>]*)>\s*$/.exec(text)?.[1] ?? text.trim()
}

async function contentOf(options: Options, host: CliHost): Promise<Buffer> {
  if (options.file !== undefined) return options.file === '-' ? host.input() : read(host, options.file)
  const text = options.text === '-' ? (await host.input()).toString() : options.text
  if (text === undefined && options.html === undefined) {
    throw new CliError('usage', 'there is nothing to send: give --text, --html or --file')
  }
  const attachments = await Promise.all(
    (options.attach ?? []).map(async (path) => ({
      filename: basename(path),
      content: await read(host, path),
    })),
  )
  const { from, to, subject = 'A message from Hikyaku', html } = options
  // Only here: it takes longer to load than most commands to run.
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer/index.js')
  return new MailComposer({ from, to: [...to], subject, text, html, attachments }).compile().build()
}

async function read(host: CliHost, path: string): Promise<Buffer> {
  try {
    return await host.readFile(path)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    const why =
      code === 'ENOENT' ? 'there is no such file' : cause instanceof Error ? cause.message : String(cause)
    throw new CliError('missing', `cannot read ${path}: ${why}`, { cause })
  }
}
