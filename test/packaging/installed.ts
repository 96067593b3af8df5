/** A copy of this system to install a package into: an overlay in a mount namespace, gone with its last process. */

import { spawnSync } from 'node:child_process'

import { hasProgram } from '../scenario/program.ts'

/**
 * `sh -c WORLD sh <shared> <deb> <command…>`: installs the package and becomes the command in that system. `shared` is a
 * directory that both systems see; the upper layer is memory. /run is empty, so that no service manager is found; the
 * database of manual pages, which triggers would make anew for 5 s, is not looked into.
 */
const WORLD = `
set -eu
shared=$1 deb=$2
shift 2
mount -t tmpfs -o size=1g,mode=755 world /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work world /mnt/root
for each in proc dev sys; do mount --rbind /$each /mnt/root/$each; done
mount -t tmpfs -o mode=755 run /mnt/root/run
mkdir -p "/mnt/root$shared"
mount --bind "$shared" "/mnt/root$shared"
chroot /mnt/root dpkg --force-unsafe-io --no-triggers --install "$deb" >&2
exec chroot /mnt/root "$@"
`

/** Before a command: installs `deb`, and runs the command where it is installed. Both are known there by their paths. */
export function inWorld(shared: string, deb: string): readonly string[] {
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', WORLD, 'sh', shared, deb]
}

/** Before a command: as systemd starts it by the unit, as far as user and capabilities go. */
export function asService(capability: 'with' | 'without'): readonly string[] {
  const held = capability === 'with' ? '-all,+net_bind_service' : '-all'
  const privileges = [`--inh-caps=${held}`, `--ambient-caps=${held}`, `--bounding-set=${held}`]
  return ['setpriv', '--reuid=hikyaku', '--regid=hikyaku', '--init-groups', '--no-new-privs', ...privileges]
}

/** In place of the program and the script that a node is otherwise started with: the installed command. */
export const INSTALLED: readonly string[] = ['sh', '-c', 'shift 2; exec /usr/bin/hikyaku "$@"', 'sh']

/** Before a command: gives the user of the service the directory that the node is to keep its things in. */
export function owning(directory: string): readonly string[] {
  return ['sh', '-c', 'chown -R hikyaku "$0"; exec "$@"', directory]
}

/** Before a command: as root in the system that a process of it lives in. */
export function beside(pid: number): readonly string[] {
  return ['nsenter', `--target=${pid}`, '--mount', '--root', '--wdns=/']
}

/** Why no copy of this system can be had. */
export function whyNoWorld(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can mount'
  for (const program of ['unshare', 'nsenter', 'setpriv', 'dpkg'])
    if (!hasProgram(program, '--version')) return `${program} is not on this machine`
  const missing = ['adduser', 'libatomic1', 'libstdc++6'].filter(
    (name) => !hasProgram('dpkg', '--status', name),
  )
  if (missing.length > 0) return `the package needs ${missing.join(', ')}, which this machine does not have`
  const probe =
    'mount -t tmpfs w /mnt && mkdir /mnt/u /mnt/w /mnt/r && mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w w /mnt/r'
  const { status, stderr } = spawnSync(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', probe],
    {
      encoding: 'utf8',
    },
  )
  return status === 0 ? undefined : `no overlay can be mounted: ${stderr.trim()}`
}
