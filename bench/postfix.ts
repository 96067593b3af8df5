/** A private Postfix, run from the unpacked package: nothing outside its directory is read or written. */

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

import { answers, freePort } from './load.ts'
import type { Sink } from './load.ts'
import { Unavailable } from './postfix-package.ts'
import type { PostfixPackage } from './postfix-package.ts'
import { proportional, startGroup } from './process-group.ts'
import type { Server } from './server.ts'

/** Seconds after which Postfix ends by itself, should this program be killed before it could end it. */
const LONGEST = 3600

/** Queue directories, and who owns them; the rest of the spool is root's. */
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

/** @throws {Unavailable} without root: Postfix changes its user for each of its parts */
export async function startPostfix(from: PostfixPackage, directory: string, sink: Sink): Promise<Server> {
  if (process.getuid?.() !== 0) throw new Unavailable('the Postfix to compare with runs as root only')
  const port = await freePort()
  const conf = join(directory, 'conf')
  layOut(from.root, directory)
  writeFileSync(join(conf, 'main.cf'), mainCf(from.root, directory, sink.port))
  writeFileSync(join(conf, 'master.cf'), masterCf(from.root, port))
  const group = startGroup({
    name: 'postfix',
    command: join(from.root, 'usr/lib/postfix/sbin/master'),
    args: ['-c', conf, '-d', '-e', String(LONGEST)],
    env: { ...from.env, MAIL_CONFIG: conf },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    await group.seen(() => answers(port))
  } catch (error) {
    await group[Symbol.asyncDispose]()
    throw error
  }
  return {
    name: 'postfix',
    port,
    sink,
    group,
    // Dozens of processes of one program: added up, their resident sizes would count its code dozens of times.
    memory: () => proportional(group.pids()),
    [Symbol.asyncDispose]: () => group[Symbol.asyncDispose](),
  }
}

function layOut(root: string, directory: string): void {
  chmodSync(directory, 0o755)
  const [daemon, games] = [idOf('/etc/passwd', 'daemon'), idOf('/etc/group', 'games')]
  const make = (path: string, mode: number, owner = 0, group = 0): void => {
    mkdirSync(join(directory, path), { recursive: true })
    chmodSync(join(directory, path), mode)
    chownSync(join(directory, path), owner, group)
  }
  make('conf', 0o755)
  make('data', 0o700, daemon, daemon)
  make('spool', 0o755)
  make('spool/pid', 0o755)
  for (const name of OWNED) make(`spool/${name}`, 0o700, daemon)
  make('spool/maildrop', 0o730, daemon, games)
  make('spool/public', 0o710, daemon, games)
  for (const from of ['etc/postfix', 'usr/share/postfix'])
    for (const { name } of readdirSync(join(root, from), { withFileTypes: true }).filter((each) =>
      each.isFile(),
    ))
      copyFileSync(join(root, from, name), join(directory, 'conf', name))
}

/** The third field of the line that begins with the name, in a file such as /etc/passwd. */
function idOf(file: string, name: string): number {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  if (line === undefined) throw new Unavailable(`${file} knows no ${name}`)
  return Number(line.split(':')[2])
}

/** Postfix's own defaults, but for where things are and for the limits that would refuse 50 sessions of one client. */
function mainCf(root: string, directory: string, sinkPort: number): string {
  const settings = {
    compatibility_level: '3.6',
    queue_directory: join(directory, 'spool'),
    data_directory: join(directory, 'data'),
    command_directory: join(root, 'usr/sbin'),
    daemon_directory: join(root, 'usr/lib/postfix/sbin'),
    shlib_directory: join(root, 'usr/lib/postfix'),
    meta_directory: join(directory, 'conf'),
    mail_owner: 'daemon',
    setgid_group: 'games',
    default_privs: 'nobody',
    myhostname: 'postfix.bench.example',
    mydestination: '',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    mynetworks: '127.0.0.0/8',
    smtpd_relay_restrictions: 'permit_mynetworks,reject',
    relayhost: `[127.0.0.1]:${sinkPort}`,
    smtp_host_lookup: 'native',
    maillog_file: join(directory, 'log'),
    maillog_file_prefixes: directory,
    import_environment: `LD_LIBRARY_PATH=${join(root, 'usr/lib/postfix')} MAIL_CONFIG MAIL_LOGTAG TZ POSTLOG_SERVICE POSTLOG_HOSTNAME`,
    alias_maps: '',
    local_recipient_maps: '',
    smtpd_client_connection_count_limit: '0',
    default_destination_concurrency_limit: '50',
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('')
}

function masterCf(root: string, port: number): string {
  const shipped = readFileSync(join(root, 'usr/share/postfix/master.cf.dist'), 'utf8')
  return shipped
    .replace(/^smtp +inet .*$/m, `127.0.0.1:${port} inet n - n - 100 smtpd`)
    .replace(/^(\w\S* +unix +\S+ +\S+ +)y /gm, '$1n ')
}
