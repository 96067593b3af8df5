/**
 * What a Postfix needs to run in a directory of its own, from an unpacked Debian package or an installed one: nothing
 * outside is read or written. Who starts it, and what it is for, is the business of the tests and the benchmark.
 */

import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** Of main.cf, each with its value. */
export type Settings = Readonly<Record<string, string>>

export type Place = {
  /** Of the package: below it are `usr/lib/postfix/sbin` and the rest. */
  readonly root: string
  /** Empty, and reachable for other users: the parts of Postfix run as some of them. */
  readonly directory: string
}

/** Queue directories that belong to the mail owner; the rest of the spool is root's. */
const OWNED = [
  'active',
  'bounce',
  'corrupt',
  'defer',
  'deferred',
  'flush',
  'hold',
  'incoming',
  'private',
  'saved',
  'trace',
]

/** The program that starts the others, and the arguments to end it after so many seconds, whatever happens. */
export function master({ root, directory }: Place, longest: number): { command: string; args: string[] } {
  const args = ['-c', join(directory, 'conf'), '-d', '-e', String(longest)]
  return { command: join(root, 'usr/lib/postfix/sbin/master'), args }
}

/**
 * Makes its directories and its configuration: it listens at `port` of 127.0.0.1 only and relays for this machine.
 * `settings` stand above those that make it private. Needs root: Postfix changes its user for each of its parts.
 */
export function layOut(place: Place, port: number, settings: Settings): void {
  const { root, directory } = place
  makeDirectories(directory)
  for (const from of ['etc/postfix', 'usr/share/postfix'])
    for (const file of readdirSync(join(root, from), { withFileTypes: true }))
      if (file.isFile()) copyFileSync(join(root, from, file.name), join(directory, 'conf', file.name))
  writeFileSync(join(directory, 'conf', 'main.cf'), mainCf(place, settings))
  writeFileSync(join(directory, 'conf', 'master.cf'), masterCf(root, port))
}

function makeDirectories(directory: string): void {
  chmodSync(directory, 0o755)
  const [daemon, games] = [idOf('/etc/passwd', 'daemon'), idOf('/etc/group', 'games')]
  const make = (path: string, mode: number, owner = 0, group = 0): void => {
    mkdirSync(join(directory, path), { recursive: true })
    chmodSync(join(directory, path), mode)
    chownSync(join(directory, path), owner, group)
  }
  make('conf', 0o755)
  make('data', 0o700, daemon)
  make('mail', 0o755, daemon, daemon)
  make('spool', 0o755)
  make('spool/pid', 0o755)
  for (const name of OWNED) make(`spool/${name}`, 0o700, daemon)
  make('spool/maildrop', 0o730, daemon, games)
  make('spool/public', 0o710, daemon, games)
}

/** The third field of the line that begins with the name, in a file such as /etc/passwd. */
function idOf(file: string, name: string): number {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  if (line === undefined) throw new Error(`${file} knows no ${name}`)
  return Number(line.split(':')[2])
}

/** Postfix's own defaults, but for where things are and for the limits that would refuse many sessions of one client. */
function mainCf({ root, directory }: Place, settings: Settings): string {
  const libraries = join(root, 'usr/lib/postfix')
  const all = {
    compatibility_level: '3.6',
    queue_directory: join(directory, 'spool'),
    data_directory: join(directory, 'data'),
    command_directory: join(root, 'usr/sbin'),
    daemon_directory: join(libraries, 'sbin'),
    shlib_directory: libraries,
    meta_directory: join(directory, 'conf'),
    mail_owner: 'daemon',
    setgid_group: 'games',
    default_privs: 'nobody',
    mydestination: '',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    mynetworks: '127.0.0.0/8',
    smtpd_relay_restrictions: 'permit_mynetworks,reject',
    smtp_host_lookup: 'native',
    maillog_file: join(directory, 'log'),
    maillog_file_prefixes: directory,
    import_environment: `LD_LIBRARY_PATH=${libraries} MAIL_CONFIG MAIL_LOGTAG TZ POSTLOG_SERVICE POSTLOG_HOSTNAME`,
    alias_maps: '',
    local_recipient_maps: '',
    smtpd_client_connection_count_limit: '0',
    ...settings,
  }
  return Object.entries(all)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('')
}

/** One listener, and nothing runs in a chroot. */
function masterCf(root: string, port: number): string {
  return readFileSync(join(root, 'usr/share/postfix/master.cf.dist'), 'utf8')
    .replace(/^smtp +inet .*$/m, `127.0.0.1:${port} inet n - n - 100 smtpd`)
    .replace(/^(\w\S* +unix +\S+ +\S+ +)y /gm, '$1n ')
}
