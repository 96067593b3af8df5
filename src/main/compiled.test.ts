import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

const COMPILED = pathToFileURL(join(import.meta.dirname, 'compiled.ts')).href
/** Types, so that they have to be taken out. */
const PROGRAM = `
import { startCompiled } from ${JSON.stringify(COMPILED)}
const [entry = '']: readonly string[] = process.argv.slice(2)
console.log('started', process.pid, process.argv.length)
await startCompiled([new URL(entry)])
console.log('goes on', process.pid, process.env['HIKYAKU_COMPILED_BY'])
await import(entry)
const { moduleLoadList } = process as unknown as { moduleLoadList: readonly string[] }
console.log(moduleLoadList.some((name: string) => name.includes('amaro')))
`
const ENTRY = `console.log('the entry runs' as string)\n`

test('the first start compiles everything and begins anew, as the same process; the next finds it compiled', (t) => {
  if (process.platform === 'win32') return t.skip('no process becomes another here')
  const folder = mkdtempSync(join(tmpdir(), 'compiled-'))
  try {
    const run = (cache: string | undefined): readonly string[] => {
      const { NODE_COMPILE_CACHE: _, ...env } = process.env
      const { stdout, stderr, pid } = spawnSync(process.execPath, [program, pathToFileURL(entry).href], {
        env: { ...env, ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }) },
        encoding: 'utf8',
      })
      assert.equal(stderr, '')
      return stdout.trimEnd().replaceAll(String(pid), 'PID').split('\n')
    }
    const [program, entry] = [join(folder, 'program.ts'), join(folder, 'entry.ts')]
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    writeFileSync(program, PROGRAM)
    writeFileSync(entry, ENTRY)
    const [start, rest] = ['started PID 3', ['goes on PID undefined', 'the entry runs']]
    assert.deepEqual(run(undefined), [start, ...rest, 'true'])
    assert.deepEqual(run(join(folder, 'cache')), [start, start, ...rest, 'false'])
    assert.deepEqual(run(join(folder, 'cache')), [start, ...rest, 'false'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
