/** Connections of a path: when one more is made, when one goes, and what holds the next job. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { DOWN } from './path.ts'
import { jobOf, ManualTimers, Rig, routeOf } from './rig.fixture.ts'
import type { RigOptions } from './rig.fixture.ts'
import { ScriptedServer } from './scripted-server.fixture.ts'
import type { Client, Script } from './scripted-server.fixture.ts'

/** Says 250 to every content, when `mayAnswer` lets it. */
function answering(mayAnswer: () => Promise<void> = async () => {}): Script {
  return async (client) => {
    client.say('220 mx')
    await client.expect('EHLO')
    client.say('250-mx', '250 PIPELINING')
    await serve(client, mayAnswer)
  }
}

async function serve(client: Client, mayAnswer: () => Promise<void>): Promise<void> {
  for (;;) {
    const line = await client.line()
    if (line === 'QUIT') return client.say('221 bye')
    if (line !== 'DATA') client.say('250 OK')
    else {
      client.say('354 go')
      await client.content()
      await mayAnswer()
      client.say('250 2.0.0 queued')
    }
  }
}

/** A gate that everybody waits at until it is opened. */
class Gate {
  readonly #opened = Promise.withResolvers<void>()
  #arrivals: (() => void)[] = []
  arrived = 0

  readonly pass = async (): Promise<void> => {
    this.arrived += 1
    for (const notice of this.#arrivals.splice(0)) notice()
    await this.#opened.promise
  }

  async until(count: number): Promise<void> {
    while (this.arrived < count) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#arrivals.push(resolve)
      await promise
    }
  }

  open(): void {
    this.#opened.resolve()
  }
}

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = await ScriptedServer.start((client) => client.gone)
  const { port } = server
  await server[Symbol.asyncDispose]()
  return port
}

const THREE = {
  key: 'connections',
  value: 3,
  origin: { layer: 'configuration', key: 'egress.connections_per_path' },
}

test('waiting work gets connections up to the limit of the path, and no more', async () => {
  const gate = new Gate()
  await using server = await ScriptedServer.start(answering(gate.pass))
  await using rig = new Rig({ ports: [server.port], config: { connectionsPerPath: 3 } })
  const all = Array.from({ length: 10 }, () => rig.send())
  await gate.until(3)
  const { connections, busy, hold } = rig.path.describe()
  assert.deepEqual(
    { connections, busy, hold },
    { connections: 3, busy: 3, hold: { at: 'full', limit: 'path', connections: 3, rule: THREE } },
  )
  assert.equal(rig.work.jobs.length, 7)
  gate.open()
  await Promise.all(all)
  assert.equal(server.accepted, 3)
})

test('one message makes one connection, and the next takes it again', async () => {
  await using server = await ScriptedServer.start(answering())
  await using rig = new Rig({ ports: [server.port], config: { connectionsPerPath: 10 } })
  for (let n = 0; n < 20; n += 1) await rig.send()
  assert.equal(server.accepted, 1)
  assert.deepEqual(rig.path.describe().hold, { at: 'open' })
})

test('a path that is woken without work makes no connection', async () => {
  await using rig = new Rig({ ports: [await closedPort()], config: { connectionsPerPath: 5 } })
  rig.path.wake()
  assert.equal(rig.path.describe().connections, 0)
})

test('a connection without work is closed when it has idled', async () => {
  const timers = new ManualTimers()
  const quit = Promise.withResolvers<string>()
  await using server = await ScriptedServer.start(async (client) => {
    client.say('220 mx')
    await client.expect('EHLO')
    client.say('250 mx')
    await client.expect('MAIL')
    client.say('550 no')
    quit.resolve(await client.line())
    client.say('221 bye')
  })
  await using rig = new Rig({ ports: [server.port], timers, config: { idle: 5000 } })
  await rig.send()
  timers.pass(4999)
  assert.equal(rig.path.describe().idle, 1)
  timers.pass(1)
  assert.equal(await quit.promise, 'QUIT')
})

test('a site that is down is left alone longer each time, and comes back when it answers', async () => {
  let now = 0
  const timers = new ManualTimers()
  const port = await closedPort()
  await using server = await ScriptedServer.start(answering())
  await using rig = new Rig({ ports: [port], timers, now: () => now })
  for (const wait of DOWN.slice(0, 3)) {
    const failure = rig.work.nextFailure()
    void rig.send()
    const { until } = await failure
    assert.equal(until, now + wait)
    // Nothing is taken while it is down, however often it is woken.
    rig.path.wake()
    assert.equal(rig.path.describe().opening, 0)
    assert.equal(rig.work.jobs.length, 1)
    rig.work.jobs.length = 0
    now += wait
    timers.pass(wait)
  }
  rig.path.use(routeOf([server.port]))
  const [tried] = await rig.send()
  assert.equal(tried?.outcome, 'delivered')
  assert.deepEqual(rig.path.describe().hold, { at: 'open' })
})

test('work that stayed is taken up when the time is over', async () => {
  const timers = new ManualTimers()
  await using server = await ScriptedServer.start(
    async (client) => client.say('421 4.3.2 not yet'),
    answering(),
  )
  await using rig = new Rig({ ports: [server.port], timers })
  const failure = rig.work.nextFailure()
  const sent = rig.send()
  await failure
  timers.pass(DOWN[0] ?? 0)
  assert.equal((await sent)[0]?.outcome, 'delivered')
})

test('a peer that refuses one connection more keeps those it has, and is not asked again for a while', async () => {
  let now = 1000
  const gate = new Gate()
  const refused = Promise.withResolvers<void>()
  await using server = await ScriptedServer.start(answering(gate.pass), async (client) => {
    client.say('421 4.7.0 too many connections')
    await client.gone
    refused.resolve()
  })
  await using rig = new Rig({ ports: [server.port], config: { connectionsPerPath: 5 }, now: () => now })
  const all = [rig.send()]
  await gate.until(1)
  all.push(rig.send(), rig.send())
  await refused.promise
  while (rig.path.describe().opening > 0) await new Promise((resolve) => setImmediate(resolve))
  const { hold, connections } = rig.path.describe()
  assert.ok(hold.at === 'refused-more')
  assert.equal(hold.attempt.text, 'too many connections')
  assert.equal(hold.until, 61_000)
  assert.equal(connections, 1)
  assert.deepEqual(rig.work.failures, [])
  gate.open()
  await Promise.all(all)
  assert.equal(server.accepted, 2)
  now = 61_000
  assert.deepEqual(rig.path.describe().hold, { at: 'open' })
})

test('the message rate holds jobs, says until when, and lets them go then', async () => {
  let now = 0
  const timers = new ManualTimers()
  await using server = await ScriptedServer.start(answering())
  await using rig = new Rig({ ports: [server.port], timers, config: { messageRate: 2 }, now: () => now })
  await Promise.all([rig.send(), rig.send()])
  const third = rig.send()
  const origin = { layer: 'configuration', key: 'egress.message_rate' }
  const limit = { key: 'messages_per_second', value: 2, origin }
  // A second after the end of the first, and a slot of the window.
  assert.deepEqual(rig.path.describe().hold, { at: 'paced', limit, until: 1016 })
  assert.equal(rig.work.jobs.length, 1)
  now = 1016
  timers.pass(1016)
  assert.equal((await third)[0]?.outcome, 'delivered')
})

async function twoPaths(
  options: RigOptions,
  port: number,
): Promise<{ rig: Rig; other: Rig['path']; work: Rig['work'] }> {
  const rig = new Rig(options)
  const { MemoryWork } = await import('./rig.fixture.ts')
  const work = new MemoryWork()
  const route = routeOf([port], { site: 'other.example.net' })
  const other = rig.egress.path('main', route, work, { provider: 'google' })
  return { rig, other, work }
}

test('when all connections are taken, one that idles is closed for a path that has none', async () => {
  await using server = await ScriptedServer.start(answering())
  const { rig, other, work } = await twoPaths(
    { ports: [server.port], config: { connections: 1 } },
    server.port,
  )
  await using _ = rig
  await rig.send()
  const { job, done } = jobOf()
  work.jobs.push(job)
  other.wake()
  assert.deepEqual(other.describe().hold, { at: 'open' })
  const [tried] = await done
  assert.deepEqual([tried?.site, tried?.provider], ['other.example.net', 'google'])
  assert.equal(rig.path.describe().connections, 0)
})

test('a busy path gives up a connection for one that waits with none', async () => {
  const gate = new Gate()
  await using server = await ScriptedServer.start(answering(gate.pass))
  const config = { connections: 3, connectionsPerPath: 3 }
  const { rig, other, work } = await twoPaths({ ports: [server.port], config }, server.port)
  await using _ = rig
  const all = Array.from({ length: 50 }, () => rig.send())
  await gate.until(3)
  const { job, done } = jobOf()
  work.jobs.push(job)
  other.wake()
  let left = 50
  for (const one of all) void one.then(() => (left -= 1))
  gate.open()
  await done
  // It did not have to wait until the other path had nothing left to do.
  assert.ok(left > 0, `${left} left`)
  await Promise.all(all)
})

test('closing lets what is under way finish and takes nothing more', async () => {
  const gate = new Gate()
  await using server = await ScriptedServer.start(answering(gate.pass))
  const rig = new Rig({ ports: [server.port] })
  const [first, second] = [rig.send(), jobOf()]
  await gate.until(1)
  rig.work.jobs.push(second.job)
  const closed = rig.egress.close(60_000)
  assert.deepEqual(rig.path.describe().hold, { at: 'closing' })
  gate.open()
  assert.equal((await first)[0]?.outcome, 'delivered')
  await closed
  assert.equal(rig.work.jobs.length, 1)
  assert.equal(rig.egress.connections, 0)
  assert.deepEqual(rig.egress.describe(), [])
})

test('closing does not wait longer than it is told, and what was under way is deferred', async () => {
  const gate = new Gate()
  const timers = new ManualTimers()
  await using server = await ScriptedServer.start(answering(gate.pass))
  const rig = new Rig({ ports: [server.port], timers })
  const sent = rig.send()
  await gate.until(1)
  const closed = rig.egress.close(1000)
  timers.pass(1000)
  const [tried] = await sent
  assert.equal(
    `${tried?.outcome} ${tried?.stage} ${tried?.text}`,
    'deferred end of data this server is stopping; the peer may have taken the message',
  )
  await closed
  gate.open()
})

test('closing ends a connection that is being opened, at any stage of it', async () => {
  const greeted = Promise.withResolvers<void>()
  await using server = await ScriptedServer.start(async (client) => {
    client.say('220 mx')
    await client.expect('EHLO')
    greeted.resolve()
    await client.gone
  })
  const rig = new Rig({ ports: [server.port] })
  void rig.send()
  await greeted.promise
  await rig.egress.close(60_000)
  assert.equal(rig.egress.connections, 0)
  assert.deepEqual(rig.work.failures, [])
})

test('an unknown source is a mistake of the caller', async () => {
  await using rig = new Rig({ ports: [25] })
  assert.throws(() => rig.egress.path('nobody', rig.route, rig.work), /no egress source is called nobody/)
})
