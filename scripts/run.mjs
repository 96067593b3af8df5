/**
 * `npm start`, `npm test` and the other verbs of package.json: installs what is missing, then runs the verb under the
 * pinned Node. Plain JavaScript: any Node from 20 on runs it.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { become, noPinnedNode, pinnedNode, pinnedPackage } from './pinned-node.mjs'

/** What each verb runs; the arguments of the command line follow. */
const VERBS = {
  start: ['src/main/cli.ts', 'start'],
  test: ['scripts/test.ts'],
  check: ['scripts/check.ts'],
  unit: ['scripts/unit.ts'],
  documents: ['scripts/check-documents.ts'],
  bench: ['bench/run.ts'],
  unused: ['node_modules/knip/bin/knip.js'],
  crash: ['test/crash/crash.ts'],
  package: ['packaging/build.ts'],
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [verb, ...rest] = process.argv.slice(2)

process.exitCode = main()

function main() {
  const script = Object.hasOwn(VERBS, verb ?? '') ? VERBS[verb] : undefined
  if (script === undefined)
    return fail(`expected one of ${Object.keys(VERBS).join(', ')}, not ${verb ?? 'nothing'}`, 64)
  if (pinnedPackage === undefined) return fail(noPinnedNode, 69)
  const stale = whatIsStale()
  if (stale !== undefined && !install(stale))
    return fail('the packages could not be installed; see above', 69)
  const node = pinnedNode(root)
  if (node === undefined)
    return fail(`${pinnedPackage} could not be installed; is the registry reachable?`, 69)
  process.chdir(root)
  become(node, [...script, ...rest])
  return 0
}

function fail(message, code) {
  console.error(`hikyaku: ${message.replace(/^hikyaku: /, '')}`)
  return code
}

/**
 * Why node_modules does not hold what package-lock.json asks for, or `undefined` when it does. npm writes its own copy
 * of the lockfile into node_modules last of all, so an installation that was interrupted has none.
 */
function whatIsStale() {
  const wanted = packagesOf(join(root, 'package-lock.json'))
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'))
  if (wanted === undefined) return 'package-lock.json cannot be read'
  if (present === undefined) return 'nothing is installed yet'
  if (pinnedNode(root) === undefined) return `${pinnedPackage} is missing`
  const outdated = Object.keys(wanted).find((path) => path !== '' && !isSame(wanted[path], present[path]))
  return outdated && `${outdated} is not ${wanted[outdated].version}`
}

function isSame(wanted, installed) {
  // Optional packages for other platforms are rightly absent.
  if (installed === undefined) return Boolean(wanted.optional || wanted.devOptional)
  return installed.version === wanted.version && installed.integrity === wanted.integrity
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** To standard error, so that a verb's standard output is its own. */
function install(why) {
  const began = Date.now()
  console.error(`hikyaku: installing packages (${why}); the first time this takes about a minute`)
  const npmCli = process.env.npm_execpath
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  const viaNode = npmCli !== undefined && npmCli.endsWith('.js')
  const [command, all] = viaNode ? [process.execPath, [npmCli, ...args]] : ['npm', args]
  const npm = spawnSync(command, all, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && !viaNode,
  })
  if (npm.error !== undefined) console.error(`hikyaku: cannot run npm: ${npm.error.message}`)
  if (npm.status === 0) console.error(`hikyaku: installed in ${Math.round((Date.now() - began) / 1000)} s`)
  return npm.status === 0
}
