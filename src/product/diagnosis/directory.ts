/** The data directory: whether it keeps what is put there, and to itself. */

import type { Config } from '#platform/config'
import type { Finding } from '#product/verification'

import type { Directory, Machine } from './machine.ts'

const CHECK = 'data'

/** File systems by their number in statfs(2), and what is wrong with keeping mail there. */
const UNFIT: ReadonlyMap<number, string> = new Map([
  [0x0102_1994, 'a tmpfs, in memory: a restart of the machine loses all mail'],
  [0x8584_58f6, 'a ramfs, in memory: a restart of the machine loses all mail'],
  [0x6969, 'on NFS, where the locks of SQLite cannot be relied on'],
])

export async function checkDirectory(
  machine: Machine,
  { node, limits }: Config,
): Promise<readonly Finding[]> {
  const found = await machine.directory(node.data)
  if (found === undefined)
    return [
      { level: 'skipped', check: CHECK, text: `${node.data} is not there yet; the first start makes it` },
    ]
  if ('denied' in found)
    return [
      problem(`${node.data} cannot be read: ${found.denied}`, 'run this as the user that runs the node'),
    ]
  const problems = [
    ...access(machine, node.data, found),
    ...medium(node.data, found),
    ...space(found, limits.diskFree),
  ]
  if (problems.length > 0) return problems
  const free = `${percent(found.bavail, found.blocks)} of the disk is free`
  return [{ level: 'ok', check: CHECK, text: `${node.data} is private and writable, ${free}` }]
}

function access({ user }: Machine, path: string, { mode, owner, writable }: Directory): readonly Finding[] {
  // Root may look at everything; that it must not open the stores is seen to where they are opened.
  const isForeign = user !== undefined && user !== 0 && user !== owner
  return [
    ...(writable
      ? []
      : [problem(`${path} cannot be written by this user`, `run this as user ${owner}, or chown it`)]),
    ...(isForeign
      ? [warning(`${path} belongs to user ${owner}, this is user ${user}`, `run hikyaku as user ${owner}`)]
      : []),
    // Queued mail is in there; the keys have permissions of their own.
    ...((mode & 0o077) === 0
      ? []
      : [warning(`${path} is open to other users (mode ${mode.toString(8)})`, `chmod 700 ${path}`)]),
  ]
}

function medium(path: string, { type }: Directory): readonly Finding[] {
  const wrong = UNFIT.get(type)
  return wrong === undefined
    ? []
    : [problem(`${path} is ${wrong}`, 'set node.data to a directory on a local disk')]
}

/** New mail is put off below `share`; at twice that it is time to say so. */
function space({ blocks, bavail, files, ffree }: Directory, share: number): readonly Finding[] {
  const short = (free: number, all: number, what: string): readonly Finding[] => {
    if (all === 0 || free >= 2 * share * all) return []
    const text = `${percent(free, all)} of ${what} free`
    const limit = percent(share, 1)
    return free < share * all
      ? [
          problem(
            `${text}: new mail is put off with 452`,
            `below ${limit} nothing is taken in (limits.disk_free)`,
          ),
        ]
      : [warning(text, `below ${limit} new mail is put off (limits.disk_free)`)]
  }
  return [...short(bavail, blocks, 'the disk is'), ...short(ffree, files, 'the inodes are')]
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(0)} %`
}

function problem(text: string, advice: string): Finding {
  return { level: 'problem', check: CHECK, text, advice }
}

function warning(text: string, advice: string): Finding {
  return { level: 'warning', check: CHECK, text, advice }
}
