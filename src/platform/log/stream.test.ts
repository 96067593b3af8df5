import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'

import type { Log } from './log.ts'
import { LogStream } from './stream.ts'

type Line = Record<string, unknown>

async function inFolder(use: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'log-'))
  try {
    await use(join(folder, 'log'))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function logged(
  file: string,
  write: (log: Log) => void,
  level: 'debug' | 'info' = 'info',
): Promise<Line[]> {
  {
    await using stream = new LogStream({ level, to: file })
    write(stream.log)
  }
  return lines(file)
}

function lines(file: string): Line[] {
  const text = readFileSync(file, 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

function atEachLevel(log: Log): void {
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
}

function withAndWithout(log: Log): void {
  log.with({ client: '192.0.2.1' }).with({ session: 7 }).info('a')
  log.info('b')
}

test('a line is JSON with level, time in ISO 8601, event and fields', () =>
  inFolder(async (file) => {
    const [line] = await logged(file, (log) => log.info('delivery.delivered', { message: '0abc', code: 250 }))
    assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.deepEqual(
      { ...line, time: '' },
      { level: 'info', time: '', event: 'delivery.delivered', message: '0abc', code: 250 },
    )
  }))

test('lines below the level are not written', () =>
  inFolder(async (file) => {
    assert.deepEqual(
      (await logged(file, atEachLevel)).map(({ event }) => event),
      ['b', 'c', 'd'],
    )
  }))

test('fields of `with` are in each of its lines, and in no other', () =>
  inFolder(async (file) => {
    const [a, b] = await logged(file, withAndWithout)
    assert.deepEqual([a?.['client'], a?.['session'], b?.['client']], ['192.0.2.1', 7, undefined])
  }))

test('what a stranger said stays on one line without control characters', () =>
  inFolder(async (file) => {
    const reply = '550 \u001b[2Jgone\r\n{"level":"error"}\u0085\u2028\u202eevil'
    const [line, ...more] = await logged(file, (log) =>
      log.with({ reply }).info('a', { reply, in: [{ reply }] }),
    )
    const clean = '550  [2Jgone  {"level":"error"}   evil'
    assert.deepEqual([line?.['reply'], line?.['in']], [clean, [{ reply: clean }]])
    assert.deepEqual(more, [])
  }))

test('the file is opened anew after it was moved away', () =>
  inFolder(async (file) => {
    {
      await using stream = new LogStream({ level: 'info', to: file })
      await rename(file, `${file}.1`)
      stream.reopen()
      stream.log.info('after')
    }
    assert.deepEqual(
      lines(file).map(({ event }) => event),
      ['after'],
    )
  }))

test('threads share one file without mixing lines', () =>
  inFolder(async (file) => {
    const module = JSON.stringify(new URL('./stream.ts', import.meta.url).href)
    const code = `
      const { workerData } = require('node:worker_threads')
      import(${module}).then(async ({ LogStream }) => {
        await using stream = new LogStream({ level: 'info', to: workerData.file, fields: { thread: workerData.thread } })
        for (let i = 0; i < 300; i += 1) stream.log.info('line', { i, text: 'x'.repeat(i) })
      })`
    const workers = [1, 2].map((thread) => new Worker(code, { eval: true, workerData: { file, thread } }))
    const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)))
    assert.deepEqual(await Promise.all(ends), [0, 0])
    for (const thread of [1, 2]) {
      const own = lines(file).filter((line) => line['thread'] === thread)
      assert.deepEqual(
        own.map(({ i }) => i),
        Array.from({ length: 300 }, (_, i) => i),
      )
    }
  }))
