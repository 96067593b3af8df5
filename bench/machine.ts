/** What a figure is worth nothing without: on which machine, which commit, when, and what else ran. */

import { spawnSync } from 'node:child_process'
import { readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'

/** The magic numbers of statfs(2) that a data directory is likely to have. */
const FILE_SYSTEMS = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlayfs'],
])

export type Circumstances = {
  readonly date: string
  /** With `+` when files differ from it. */
  readonly commit: string
  readonly node: string
  readonly cpu: string
  readonly cores: number
  readonly memoryMiB: number
  readonly kernel: string
  readonly fileSystem: string
  /** Of 1, 5 and 15 minutes, before the first run. */
  readonly loadBefore: readonly number[]
  /** Percent of the last minute in which some process waited for a disk; absent where the kernel does not say. */
  readonly diskWaitBefore?: number
}

export function circumstances(directory: string): Circumstances {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    cpu: cpuName(),
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 1024 / 1024),
    kernel: release(),
    fileSystem: FILE_SYSTEMS.get(statfsSync(directory).type) ?? 'unknown',
    loadBefore: loadavg().map((load) => Math.round(load * 100) / 100),
    ...diskWait(),
  }
}

function diskWait(): { readonly diskWaitBefore?: number } {
  try {
    const found = /^some .*avg60=([0-9.]+)/.exec(readFileSync('/proc/pressure/io', 'utf8'))
    return found === null ? {} : { diskWaitBefore: Number(found[1]) }
  } catch {
    return {}
  }
}

function commit(): string {
  const head = git('rev-parse', '--short=10', 'HEAD')
  return head === '' ? 'unknown' : head + (git('status', '--porcelain', '--', 'src') === '' ? '' : '+')
}

function cpuName(): string {
  const model = cpus()[0]?.model
  if (model !== undefined && model !== 'unknown') return model
  return /^model name\s*: (.+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown'
}

function git(...args: string[]): string {
  return spawnSync('git', args, { encoding: 'utf8' }).stdout?.trim() ?? ''
}
