/** What happens to the node itself, as events: who is told of it, and who is not. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Event, Events } from '#engine/spool'

import { DOMAIN, Rig } from './rig.ts'

const RULES = `
[domain."busy.example.com".reactions.busy]
code = [421]
do = "suspend"
for = "1h"
[domain."picky.example.com".reactions.list]
code = [450]
do = "pause-stream"
for = "1h"
`

suite('the log of operations', () => {
  let rig: Rig
  const tokens = new Map<string, string>()

  before(async () => {
    rig = await Rig.prepare()
    mkdirSync(join(rig.directory, 'shaping'), { recursive: true })
    writeFileSync(join(rig.directory, 'shaping', 'own.toml'), RULES)
    rig.configure({ node: 'organization = "operations"', queue: 'retry = ["1h"]' })
    await rig.run()
    await rig.seed()
    for (const organization of ['operations', 'default', 'globex']) {
      const scopes = ['--scope', 'events:read']
      const added = await rig.cli<{ token: string }>(
        'api-key',
        'add',
        '--organization',
        organization,
        ...scopes,
      )
      tokens.set(organization, added.token)
    }
  })
  after(() => rig[Symbol.asyncDispose]())

  async function submit(to: string): Promise<string> {
    const from = `shop@${DOMAIN}`
    return await rig.submit({ from, to, content: `From: <${from}>\r\nTo: <${to}>\r\n\r\nx\r\n` })
  }

  /** When the command line has it: what is told is durable a moment after it happened. */
  async function until(kind: string, field: string, value: string): Promise<Event> {
    for (let looks = 0; looks < 1_000; looks += 1) {
      const { events } = await rig.operations.events({ limit: 100 })
      const found = events.find((event) => event.kind === kind && event.data?.[field] === value)
      if (found !== undefined) return found
      await sleep(20)
    }
    throw new Error(`no ${kind} with ${field} ${value}`)
  }

  async function read(organization: string): Promise<readonly string[]> {
    const authorization = `Bearer ${tokens.get(organization)}`
    const kinds = 'reaction-started,reaction-extended,reaction-ended,warm-up-step'
    const response = await fetch(`${rig.node.api}/v1/events?kind=${kinds}`, { headers: { authorization } })
    assert.equal(response.status, 200)
    const { data } = (await response.json()) as {
      data: readonly { kind: string; data: { does: string } }[]
    }
    return data.map((event) => `${event.kind} ${event.data.does}`)
  }

  test('a suspended path is told to who runs the node, a paused stream to its organization, others hear nothing', async () => {
    const suspended = await submit('busy@busy.example.com')
    const paused = await submit('rate-limited@picky.example.com')
    const path = await until('reaction-started', 'does', 'suspend')
    assert.deepEqual(
      [path.organization, path.stream, path.data?.['delivery']],
      ['operations', undefined, `${suspended}.0`],
    )
    assert.match(path.reason ?? '', /^421 /)
    const stream = await until('reaction-started', 'does', 'pause-stream')
    assert.deepEqual(
      [stream.organization, stream.stream, stream.data?.['delivery']],
      ['default', 'transactional', `${paused}.0`],
    )
    await rig.cli('shaping', 'cancel', String(path.data?.['reaction']))
    const ended = await until('reaction-ended', 'does', 'suspend')
    assert.deepEqual([ended.data?.['by'], ended.data?.['reaction']], ['operator', path.data?.['reaction']])

    assert.deepEqual(await read('operations'), ['reaction-started suspend', 'reaction-ended suspend'])
    assert.deepEqual(await read('default'), ['reaction-started pause-stream'])
    assert.deepEqual(await read('globex'), [])
    const { events } = await rig.cli<Events>('events', '--kind', 'reaction-started')
    assert.equal(events.length, 2)
    const scopes = ['--scope', 'operator:read', '--scope', 'events:read']
    const { token } = await rig.cli<{ token: string }>('api-key', 'add', ...scopes)
    const everything = async (key: string, query: string): Promise<readonly [number, readonly string[]]> => {
      const headers = { authorization: `Bearer ${key}` }
      const response = await fetch(`${rig.node.api}/v1/operator/events?${query}`, { headers })
      const { data = [] } = (await response.json()) as { data?: readonly { organization: string }[] }
      return [response.status, data.map(({ organization }) => organization)]
    }
    const started = 'kind=reaction-started'
    assert.deepEqual(await everything(token, started), [200, ['operations', 'default']])
    assert.deepEqual(await everything(token, `${started}&organization=default`), [200, ['default']])
    assert.deepEqual(await everything(token, 'cursor=nonsense'), [422, []])
    assert.deepEqual((await everything(tokens.get('operations') ?? '', started))[0], 403)
  })
})
