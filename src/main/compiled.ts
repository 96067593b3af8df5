/**
 * A node whose modules were compiled before. Node takes the types out of each module that its compile cache does not
 * know, and what does that stays in memory for good: 17 MiB in each thread. So the first start after an installation
 * fills the cache and begins anew, as the same process. Where there is no cache, everything is as Node does it.
 */

import { flushCompileCache, getCompileCacheDir } from 'node:module'

/** Set for the process that begins anew, to its id: nothing must make it begin a third time. */
const AGAIN = 'HIKYAKU_COMPILED_BY'

/** What Node loads to take types out; process.moduleLoadList names what of Node itself is loaded. */
const STRIPPER = 'NativeModule internal/deps/amaro/dist/index'

/**
 * To be called before anything is opened. Returns when the modules that `entries` import are compiled already, or
 * cannot be kept; otherwise compiles them, a second or two, and never returns.
 */
export async function startCompiled(entries: readonly URL[]): Promise<void> {
  const isAgain = process.env[AGAIN] === String(process.pid)
  delete process.env[AGAIN]
  if (isAgain || getCompileCacheDir() === undefined || process.platform === 'win32') return
  await compile(entries)
  if (!hasStripped()) return
  flushCompileCache()
  const env = { ...process.env, [AGAIN]: String(process.pid) }
  process.execve?.(process.execPath, [process.argv0, ...process.execArgv, ...process.argv.slice(1)], env)
}

/** Loads without running: an import that nothing exports is found before the first module runs. */
async function compile(entries: readonly URL[]): Promise<void> {
  const imports = entries.map((entry) => `import ${JSON.stringify(entry.href)}`)
  const source = [...imports, `import { nothing } from 'node:module'`].join('\n')
  try {
    await import(`data:text/javascript,${encodeURIComponent(source)}`)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
}

function hasStripped(): boolean {
  const { moduleLoadList = [] } = process as { readonly moduleLoadList?: readonly string[] }
  return moduleLoadList.includes(STRIPPER)
}
