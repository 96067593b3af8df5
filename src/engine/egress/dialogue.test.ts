/**
 * Plays dialogues/*.txt against an egress. Dialogues of one file are parted by `---`; each has a title, settings, and
 *   S: what the server says; lines that follow each other leave in one write. `(close)` and `(reset)` end it.
 *   C: what the client must say; `…` is any text. `(content)` and `(chunk)` are the whole content, `(gone)` its close.
 *   connection: the server's side of another connection follows.
 *   = what became of each recipient: outcome, code, enhanced code, stage and text; ` +dsn` when the peer does the DSNs.
 *     `failed` is that of the site, when no job was taken.
 */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import type { Tried } from './job.ts'
import { CONTENT, Rig } from './rig.fixture.ts'
import type { JobOptions, RigOptions } from './rig.fixture.ts'
import { ScriptedServer } from './scripted-server.fixture.ts'
import type { Client, Script } from './scripted-server.fixture.ts'

type Said = Omit<Tried, 'outcome'> & { readonly outcome: string }

type Dialogue = {
  readonly title: string
  readonly settings: ReadonlyMap<string, string>
  /** One list of `S:` and `C:` lines a connection. */
  readonly connections: readonly (readonly string[])[]
  readonly expected: readonly string[]
}

for (const file of globSync(join(import.meta.dirname, 'dialogues/*.txt')).toSorted()) {
  for (const text of readFileSync(file, 'utf8').split(/^---\n/m)) {
    const dialogue = parse(text)
    test(dialogue.title, () => play(dialogue))
  }
}

function parse(text: string): Dialogue {
  const lines = text.split('\n').filter((line) => line !== '')
  const settings = new Map<string, string>()
  const connections: string[][] = [[]]
  const expected: string[] = []
  for (const line of lines.slice(1)) {
    if (/^[SC]: /.test(line)) connections.at(-1)?.push(line)
    else if (line.startsWith('= ')) expected.push(line.slice(2))
    else if (line === 'connection:') connections.push([])
    else settings.set(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2))
  }
  return { title: lines[0] ?? '', settings, connections, expected }
}

async function play({ title, settings, connections, expected }: Dialogue): Promise<void> {
  assert.ok(expected.length > 0, `${title}: expects nothing`)
  const scripts = connections.map(scriptOf)
  await using server = await ScriptedServer.start(...(scripts as [Script, ...Script[]]))
  const json = (name: string): object => JSON.parse(settings.get(name) ?? '{}') as object
  const options: RigOptions = { ports: [server.port], config: json('config'), route: json('route') }
  await using rig = new Rig(options)
  const job: JobOptions = {
    message: json('message'),
    delivery: json('delivery'),
    to: (settings.get('to') ?? 'one@example.com').split(' '),
    ...(settings.has('content') ? { content: JSON.parse(settings.get('content') ?? '') as string } : {}),
  }
  const said: string[] = []
  const down = rig.work.nextFailure().then(({ attempt }) => [{ ...attempt, outcome: 'failed' }])
  for (let n = Number(settings.get('jobs') ?? 1); n > 0; n -= 1)
    said.push(...(await Promise.race([rig.send(job), down])).map(spelled))
  assert.equal(said.length, expected.length, said.join('\n'))
  for (const [n, line] of expected.entries()) assert.match(said[n] ?? '', pattern(line))
  // The rest of the script is part of what is expected: a QUIT, or that nothing more is said.
  await rig.egress.close(60_000)
  assert.equal(server.accepted, connections.length, 'connections')
}

function scriptOf(lines: readonly string[]): Script {
  return async (client) => {
    for (let at = 0; at < lines.length; at += 1) {
      const line = lines[at] ?? ''
      if (line.startsWith('C: ')) {
        await hear(client, line.slice(3)).catch((error: unknown) => {
          throw new Error(`at ${line}`, { cause: error })
        })
      } else {
        const group = [line]
        while (lines[at + 1]?.startsWith('S: ') === true) group.push(lines[(at += 1)] ?? '')
        speak(
          client,
          group.map((one) => one.slice(3)),
        )
      }
    }
    await client.gone
  }
}

function speak(client: Client, lines: readonly string[]): void {
  client.raw(
    lines
      .filter((line) => !/^\((close|reset)\)$/.test(line))
      .map((line) => (line.endsWith('\\') ? line.slice(0, -1) : `${line}\r\n`))
      .join(''),
  )
  if (lines.includes('(close)')) client.close()
  if (lines.includes('(reset)')) client.reset()
}

async function hear(client: Client, line: string): Promise<void> {
  if (line === '(gone)') return await client.gone
  if (line === '(content)') {
    const stuffed = CONTENT.replaceAll(/^\./gm, '..')
    return assert.equal(await client.content(), `${stuffed}.\r\n`)
  }
  if (line === '(chunk)') {
    await client.expect(`BDAT ${CONTENT.length} LAST`)
    return assert.equal(await client.octets(CONTENT.length), CONTENT)
  }
  const count = /^\((\d+) octets\)$/.exec(line)?.[1]
  if (count !== undefined) return void (await client.octets(Number(count)))
  assert.match(await client.line(), pattern(line))
}

function pattern(text: string): RegExp {
  return new RegExp(
    `^${text
      .split('…')
      .map((part) => RegExp.escape(part))
      .join('.*')}$`,
    's',
  )
}

function spelled({ outcome, code, enhanced, stage, text, dsnPassedOn, deadlinePassedOn }: Said): string {
  const passedOn = `${dsnPassedOn ? ' +dsn' : ''}${deadlinePassedOn ? ' +deadline' : ''}`
  return `${outcome} ${code} ${enhanced} ${stage}: ${text}${passedOn}`
}
