/**
 * Power loss: the data directory is on an ext4 of its own, which is shut down under the running node, so that whatever
 * was not forced to the disk is gone; then it is mounted again.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, closeSync, ftruncateSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { CrashRun } from './crashing.ts'
import type { CrashOptions } from './crashing.ts'
import { WORTH } from './kill.ts'
import type { Reckoning } from './syscalls.ts'

/** Octets; sparse. */
const SIZE = 1024 ** 3

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: also the journal that is not yet on the disk is lost. */
const SHUTDOWN =
  'open(F, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); ioctl(F, 0x8004587d, $how) or die $!'

/** Milliseconds for what the frozen node has said to reach those it said it to. */
const ON_THE_WAY = 100

export class PowerDisk implements Disposable {
  readonly path: string
  readonly #image: string
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
    this.#image = join(directory, 'image')
    this.path = join(directory, 'disk')
  }

  /** `undefined` where this process may not mount, or something of what it takes is missing. */
  static make(): PowerDisk | undefined {
    const disk = new PowerDisk(mkdtempSync(join(tmpdir(), 'hikyaku-power-')))
    mkdirSync(disk.path)
    const file = openSync(disk.#image, 'w')
    ftruncateSync(file, SIZE)
    closeSync(file)
    const isMade = runs('mkfs.ext4', '-q', '-F', disk.#image) && runs('perl', '-e', '1') && disk.mount()
    if (isMade) return disk
    disk[Symbol.dispose]()
    return undefined
  }

  mount(): boolean {
    return runs('mount', '-o', 'loop', this.#image, this.path)
  }

  /** @throws when the kernel does not do it */
  shutDown(): void {
    if (!runs('perl', '-e', SHUTDOWN, this.path)) throw new Error(`${this.path} cannot be shut down`)
  }

  /** After everybody who had a file open is gone. @throws when it cannot be mounted again */
  remount(): void {
    if (!runs('umount', this.path) || !this.mount()) throw new Error(`${this.path} cannot be mounted again`)
  }

  [Symbol.dispose](): void {
    runs('umount', '-l', this.path)
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

export async function powerLosses(
  disk: PowerDisk,
  rounds: number,
  options: CrashOptions,
  progress: (line: string) => void,
): Promise<Reckoning> {
  await using run = await CrashRun.begin({ ...options, data: join(disk.path, 'data') })
  for (let round = 1; round <= rounds; round += 1) {
    const { pid } = await run.start()
    await run.acked(WORTH)
    await sleep(Math.random() * 1_500)
    process.kill(pid, 'SIGSTOP')
    await sleep(ON_THE_WAY)
    disk.shutDown()
    await run.killed()
    disk.remount()
    progress(
      `power loss ${round}: ${run.load.count('acked')} acknowledged, ${run.sink.received.size} received`,
    )
  }
  await run.start()
  return await run.reckon()
}

function runs(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}
