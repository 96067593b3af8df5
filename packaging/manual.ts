/** hikyaku(1), made from what the command line says of itself, so that it knows every command and no other. */

import { runCli } from '#door/cli'
import type { CliHost } from '#door/cli'

/** In the manual macros of groff, man(7); `date` as in the footer. */
export async function manualPage(version: string, date: string): Promise<string> {
  const helps = await allHelps([], version)
  return [
    `.TH HIKYAKU 1 ${date} "hikyaku ${version}" "User Commands"`,
    '.SH NAME',
    'hikyaku \\- an on-premises mail delivery platform',
    ...helps.flatMap(({ name, text }, i) => [
      i === 0 ? '.SH SYNOPSIS' : `.SH "${name.toUpperCase()}"`,
      '.nf',
      literal(text),
      '.fi',
    ]),
    FILES,
  ].join('\n')
}

const FILES = `.SH FILES
.TP
.I /etc/hikyaku/hikyaku.toml
The configuration. All keys with their defaults:
.IR /usr/share/doc/hikyaku/examples/hikyaku.toml .
.TP
.I /var/lib/hikyaku
Mail, domains, credentials, keys. Of the user hikyaku, as whom the command runs when root calls it.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1),
.I /usr/share/doc/hikyaku/docs
`

type Help = { readonly name: string; readonly text: string }

/** Of the command at `path`, then of all below it. */
async function allHelps(path: readonly string[], version: string): Promise<Help[]> {
  const text = await help(path, version)
  const below: Help[] = []
  for (const command of commandsIn(text)) below.push(...(await allHelps([...path, command], version)))
  return [{ name: ['hikyaku', ...path].join(' '), text }, ...below]
}

async function help(path: readonly string[], version: string): Promise<string> {
  let text = ''
  // Help asks nothing else of the machine; if it did, this would throw.
  const host = { out: (part: string) => void (text += part) } as CliHost
  const code = await runCli([...path, '--help'], host, version)
  if (code !== 0) throw new Error(`hikyaku ${path.join(' ')} --help ended with ${code}`)
  return text
}

function commandsIn(text: string): string[] {
  const list = /^Commands:\n((?: {2}.*\n)+)/m.exec(text)?.[1] ?? ''
  const names = [...list.matchAll(/^ {2}([a-z]\S*)/gm)].map(([, name = '']) => name)
  return names.filter((name) => name !== 'help')
}

/** A line that begins with a dot or an apostrophe would be a macro. */
function literal(text: string): string {
  return text
    .trimEnd()
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&')
}
