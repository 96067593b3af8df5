/**
 * `npm run package`: makes `hikyaku_<version>_<arch>.deb`, the application with its Node, for Debian 12, Ubuntu 22.04 and
 * later. The same commit gives the same bytes. `-- --check` builds nothing to keep and tests the package instead.
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'

import { runTests } from '../scripts/tests.ts'

import { ARCHITECTURES, control } from './metadata.ts'
import type { Architecture } from './metadata.ts'
import { stage } from './stage.ts'
import type { Release } from './stage.ts'

export type BuildOptions = {
  /** The directory that the package is put into. */
  readonly out: string
  readonly architecture?: Architecture
  /** For dpkg-deb. 9 of zstd takes 7 s and gives 43 MB; xz would take 82 s to save 9. */
  readonly compression?: readonly string[]
}

const COMPRESSION = ['-Zzstd', '-z9']

/** Run in the project's root. Gives the path of the package. @throws when npm or dpkg-deb fails */
export async function buildDeb({ out, architecture, compression }: BuildOptions): Promise<string> {
  const release = describe(architecture ?? architectureHere())
  const work = mkdtempSync(join(tmpdir(), 'hikyaku-package-'))
  try {
    const root = join(work, 'root')
    mkdirSync(root)
    await stage(root, release)
    writeControl(root, release)
    mkdirSync(out, { recursive: true })
    const deb = join(out, `hikyaku_${release.version}_${release.architecture}.deb`)
    // Owned by root in the archive, sorted, no time newer than the epoch: dpkg-deb sees to it.
    run('dpkg-deb', ['--root-owner-group', ...(compression ?? COMPRESSION), '--build', root, deb], {
      SOURCE_DATE_EPOCH: String(release.epoch),
      // zstd cuts the file up by the number of its threads, so that each machine would give other bytes.
      DPKG_DEB_THREADS_MAX: '1',
    })
    return deb
  } finally {
    rmSync(work, { recursive: true })
  }
}

function architectureHere(): Architecture {
  const here = Object.keys(ARCHITECTURES)
    .filter(isArchitecture)
    .find((name) => ARCHITECTURES[name].cpu === process.arch)
  if (here === undefined) throw new Error(`there is no Debian package for ${process.arch}`)
  return here
}

function describe(architecture: Architecture): Release {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }
  return { version, architecture, epoch: epoch() }
}

/** Of the environment, else of the commit, else of the manifest: a tree without git has no better one. */
function epoch(): number {
  const given = process.env['SOURCE_DATE_EPOCH']
  if (given !== undefined) return Number(given)
  const { status, stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' })
  return status === 0 ? Number(stdout) : Math.floor(statSync('package.json').mtimeMs / 1000)
}

/** `DEBIAN/`: control, conffiles, checksums and the maintainer scripts. */
function writeControl(root: string, release: Release): void {
  const files = filesOf(root)
  const size = files.reduce((all, file) => all + Math.ceil(statSync(join(root, file)).size / 1024), 0)
  const sums = files.filter((file) => !file.startsWith('etc/')).map((file) => sum(root, file))
  const folder = join(root, 'DEBIAN')
  mkdirSync(folder)
  // Whatever the umask is: dpkg-deb refuses other modes.
  chmodSync(folder, 0o755)
  const put = (name: string, content: string | Buffer, mode: number): void => {
    writeFileSync(join(folder, name), content)
    chmodSync(join(folder, name), mode)
  }
  put('control', control({ ...release, size }), 0o644)
  put('conffiles', '/etc/hikyaku/hikyaku.toml\n', 0o644)
  put('md5sums', sums.join(''), 0o644)
  for (const script of ['postinst', 'prerm', 'postrm'])
    put(script, readFileSync(join('packaging/debian', script)), 0o755)
}

function filesOf(root: string): string[] {
  return readdirSync(root, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted()
}

function sum(root: string, file: string): string {
  return `${createHash('md5')
    .update(readFileSync(join(root, file)))
    .digest('hex')}  ${file}\n`
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  const { status, error, stderr } = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`)
}

function isArchitecture(name: string): name is Architecture {
  return Object.hasOwn(ARCHITECTURES, name)
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      out: { type: 'string', default: 'dist' },
      arch: { type: 'string' },
    },
  })
  if (values.check) {
    process.env['CHECK_PACKAGE'] = '1'
    const { ok } = await runTests({ paths: ['test/packaging'], each: 120_000, all: 300_000 })
    return ok
  }
  const { arch, out } = values
  if (arch !== undefined && !isArchitecture(arch)) {
    console.error(`hikyaku: expected --arch ${Object.keys(ARCHITECTURES).join(' or ')}, not ${arch}`)
    return false
  }
  console.log(await buildDeb({ out, ...(arch && { architecture: arch }) }))
  return true
}

if (import.meta.main) process.exitCode = (await main()) ? 0 : 1
