/** `send`: hands a message to the node, from a file or made of options. */

import type { Command } from 'commander'
import MailComposer from 'nodemailer/lib/mail-composer/index.js'

import { answer } from './command.ts'
import { CliError } from './host.ts'
import type { CliHost } from './host.ts'

type Options = {
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text?: string
  readonly html?: string
  readonly attach?: readonly string[]
  readonly file?: string
  readonly organization: string
  readonly stream: string
}

export function sendCommand(program: Command, host: CliHost): void {
  program
    .command('send')
    .description('send a message: from a file (RFC 5322), or made of the options given')
    .requiredOption('--from <address>', 'reverse-path, and author when a message is made')
    .requiredOption('--to <address...>', 'recipients')
    .option('--subject <text>', 'of a message that is made', 'A message from Hikyaku')
    .option('--text <text>', 'plain text; - reads standard input')
    .option('--html <text>', 'an HTML alternative')
    .option('--attach <file...>', 'files to attach')
    .option('--file <path>', 'send this message instead; - reads standard input')
    .option('--organization <name>', 'who sends', 'default')
    .option('--stream <name>', 'which stream it belongs to', 'transactional')
    .action(async (options: Options, command: Command) => {
      const content = await contentOf(options, host)
      await answer(host, command, async (node) => {
        const { from, to, organization, stream } = options
        const { id } = await node.send({
          from,
          to,
          organization,
          stream,
          content: content.toString('base64'),
        })
        return { value: { id }, text: `queued as ${id}; hikyaku message show ${id} tells how it goes\n` }
      })
    })
}

async function contentOf(options: Options, host: CliHost): Promise<Buffer> {
  if (options.file !== undefined) {
    const raw = options.file === '-' ? await host.input() : await host.readFile(options.file)
    return withCrlf(raw)
  }
  const text = options.text === '-' ? (await host.input()).toString() : options.text
  if (text === undefined && options.html === undefined) {
    throw new CliError('usage', 'there is nothing to send: give --text, --html or --file')
  }
  const attachments = await Promise.all(
    (options.attach ?? []).map(async (path) => ({
      filename: path.slice(path.lastIndexOf('/') + 1),
      content: await host.readFile(path),
    })),
  )
  const mail = {
    from: options.from,
    to: [...options.to],
    subject: options.subject,
    text,
    html: options.html,
    attachments,
  }
  return new MailComposer(mail).compile().build()
}

/** A file on disk ends its lines as its system does; on the wire there is CRLF only. RFC 5321 §2.3.8 */
function withCrlf(raw: Buffer): Buffer {
  return Buffer.from(raw.toString('latin1').replaceAll(/\r\n|\r|\n/g, '\r\n'), 'latin1')
}
