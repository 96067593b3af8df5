/** Lays out the files of the package under a directory, as they will be under `/`. Runs npm; knows nothing of dpkg. */

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { production, readTree } from '../scripts/tree.ts'

import { exampleConfiguration } from './example-configuration.ts'
import { manualPage } from './manual.ts'
import { ARCHITECTURES, copyright, debianChangelog } from './metadata.ts'
import type { Architecture, Component } from './metadata.ts'

export type Release = {
  readonly version: string
  readonly architecture: Architecture
  /** Seconds: the newest time that any file has. */
  readonly epoch: number
}

/** Where the application is installed. */
const HOME = 'usr/lib/hikyaku'
const DOC = 'usr/share/doc/hikyaku'

/** What most operators set. The whole list is an example: as a conffile, each new key would make dpkg ask a question. */
const ESSENTIAL = new Set([
  'node.name',
  'node.data',
  'store.url',
  'tls.certificate',
  'tls.key',
  'dns.servers',
  'log.level',
  'http.address',
  'http.port',
])
const SET = new Map([['node.data', '/var/lib/hikyaku']])

/** Run in the project's root. @throws when npm cannot install the packages that the lockfile names */
export async function stage(root: string, release: Release): Promise<void> {
  stageApplication(join(root, HOME), release.architecture)
  stageDocuments(join(root, DOC), release)
  copy('packaging/hikyaku', join(root, 'usr/bin/hikyaku'))
  copy('packaging/hikyaku.service', join(root, 'usr/lib/systemd/system/hikyaku.service'))
  write(join(root, 'etc/hikyaku/hikyaku.toml'), configuration())
  const day = new Date(release.epoch * 1000).toISOString().slice(0, 10)
  write(join(root, 'usr/share/man/man1/hikyaku.1.gz'), zipped(await manualPage(release.version, day)))
  copy('packaging/debian/lintian-overrides', join(root, 'usr/share/lintian/overrides/hikyaku'))
  setModes(root)
}

/** The short one, of which dpkg keeps the operator's version. */
export function configuration(): string {
  return `# Hikyaku's configuration: what most machines need. All keys, with what each means:
# /usr/share/doc/hikyaku/examples/hikyaku.toml
# After a change: hikyaku config check && systemctl reload hikyaku
${exampleConfiguration({ only: ESSENTIAL, set: SET })}`
}

/** All of it. */
export function wholeConfiguration(): string {
  return `# Every key of Hikyaku's configuration. What is commented out shows the default, or an example where there is none.
${exampleConfiguration({ set: SET })}`
}

function stageApplication(home: string, architecture: Architecture): void {
  const manifest = readJson('package.json')
  copy('package.json', join(home, 'package.json'))
  copy('package-lock.json', join(home, 'package-lock.json'))
  installPackages(home, ARCHITECTURES[architecture].cpu)
  const node = join(home, 'node_modules', ARCHITECTURES[architecture].node)
  // Under a name that does not tell the architecture; without headers, manuals and change log, 60 MB.
  for (const file of ['bin/node', 'LICENSE', 'package.json'])
    copy(join(node, file), join(home, 'node', file.replace('bin/', '')))
  rmSync(node, { recursive: true })
  rmSync(join(home, 'package-lock.json'))
  prune(join(home, 'node_modules'))
  // The scripts and the packages for developers are not here, so nothing should offer them.
  const { name, version, description, license, type, imports, dependencies } = manifest
  const kept = { name, version, description, license, private: true, type, imports, dependencies }
  write(join(home, 'package.json'), `${JSON.stringify(kept, undefined, 2)}\n`)
  for (const file of sources()) copy(file, join(home, file))
}

/** The code that runs, and the data it reads: no tests, contracts, fixtures or dialogues. */
function sources(): string[] {
  const data = globSync(['src/**/*.{toml,json,sql,html,css,js,txt,pem}', 'shaping/*.toml'])
  return [
    ...production(readTree()).keys(),
    ...data.filter((path) => !/\/(?:dialogues|fixtures)\//.test(path)),
  ]
}

/** What no program reads: a third of the files. Licences stay, whatever they are called. */
function prune(modules: string): void {
  const unread = globSync(['**/.*', '**/*.{md,html,map,d.ts,d.mts,d.cts}'], { cwd: modules })
  for (const path of unread.filter((name) => !/licen[cs]e|notice|copying/i.test(name)))
    rmSync(join(modules, path), { recursive: true, force: true })
}

function installPackages(home: string, cpu: string): void {
  const platform = ['--os=linux', `--cpu=${cpu}`, '--libc=glibc']
  const clean = [
    '--omit=dev',
    '--ignore-scripts',
    '--no-bin-links',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
  ]
  const path = process.env['npm_execpath']
  const [command, first] = path?.endsWith('.js') ? [process.execPath, [path]] : ['npm', []]
  const npm = spawnSync(command, [...first, 'ci', ...clean, ...platform], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  if (npm.status !== 0) throw new Error(`npm ci failed: ${npm.error?.message ?? npm.stderr}`)
}

function stageDocuments(doc: string, { version, epoch }: Release): void {
  for (const file of ['README.md', 'README.ja.md', 'CHANGELOG.md']) copy(file, join(doc, file))
  for (const file of globSync('docs/**/*.md')) copy(file, join(doc, file))
  write(join(doc, 'examples/hikyaku.toml'), wholeConfiguration())
  write(join(doc, 'changelog.gz'), zipped(debianChangelog(version, epoch)))
  const home = join(doc, '../../../../', HOME)
  write(join(doc, 'copyright'), copyright(componentsIn(home)))
}

function componentsIn(home: string): Component[] {
  const folders = globSync(
    ['node', 'node_modules/*', 'node_modules/@*/*', 'node_modules/**/node_modules/*'],
    {
      cwd: home,
    },
  ).toSorted()
  return folders.flatMap((folder) => {
    const manifest = tryReadJson(join(home, folder, 'package.json'))
    if (manifest === undefined) return []
    const file = readdirSync(join(home, folder)).find((name) => /^(?:licen[cs]e|copying)/i.test(name))
    const { version, license } = manifest
    const name = folder === 'node' ? 'Node.js' : String(manifest['name'])
    const text = `/${HOME}/${folder}/${file ?? 'package.json'}`
    return [{ name, version: String(version), license: String(license), text }]
  })
}

type Json = { readonly [key: string]: unknown }

function readJson(path: string): Json {
  return JSON.parse(readFileSync(path, 'utf8')) as Json
}

function tryReadJson(path: string): Json | undefined {
  try {
    return readJson(path)
  } catch {
    return undefined
  }
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
}

function write(to: string, content: string | Buffer): void {
  mkdirSync(dirname(to), { recursive: true })
  writeFileSync(to, content)
}

/** Debian asks for the best compression; without a name or a time inside, so that it is the same each time. */
function zipped(text: string): Buffer {
  return gzipSync(text, { level: 9 })
}

/** Whatever the umask was, and whatever the registry's packages had. */
function setModes(root: string): void {
  chmodSync(root, 0o755)
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isSymbolicLink()) chmodSync(path, entry.isDirectory() ? 0o755 : 0o644)
  }
  for (const program of ['usr/bin/hikyaku', `${HOME}/node/node`]) chmodSync(join(root, program), 0o755)
  // They may hold passwords; postinst gives them to the group that reads them.
  chmodSync(join(root, 'etc/hikyaku'), 0o750)
  chmodSync(join(root, 'etc/hikyaku/hikyaku.toml'), 0o640)
}
