/** Every delay explains itself: deliveries that wait for all kinds of reasons, and what the operator is told of each. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'

import type { Explained } from '#product/operation'

import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`

/** A host that lets clients in and then leaves them without an answer to MAIL. */
class Silent implements Disposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly asked = Promise.withResolvers<void>()

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.write('220 silent.example.net ESMTP\r\n')
      socket.on('data', (bytes) => {
        if (/^MAIL/m.test(bytes.toString('latin1'))) this.asked.resolve()
        else socket.write('250 silent.example.net\r\n')
      })
    })
  }

  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  [Symbol.dispose](): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function route(domain: string, port: number): string {
  return `[[routes]]\ndomain = "${domain}"\nto = ["127.0.0.1:${port}"]\nallow_private = true\n`
}

suite('explain', () => {
  let rig: Rig
  const silent = new Silent()
  before(async () => {
    rig = await Rig.prepare()
    rig.configure({
      queue: 'retry = ["10m"]\njitter = 0\nexpire = "1h"\ndelay_warning = "30m"',
      egress: 'connections_per_path = 1',
      '':
        route('silent.example.net', await silent.listen()) + route('closed.example.net', await closedPort()),
    })
    await rig.run()
    await rig.seed()
  })
  after(async () => {
    silent[Symbol.dispose]()
    await rig[Symbol.asyncDispose]()
  })

  const submit = (to: string, mail = ''): Promise<string> =>
    rig.submit({ from: FROM, to, content: `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n`, mail })

  async function reasonsOf(id: string): Promise<Explained['deliveries'][number]['reasons']> {
    const explained = await rig.operations.explain({ id: id as never })
    assert.equal(explained?.deliveries.length, 1)
    return explained.deliveries[0]?.reasons ?? []
  }

  async function kinds(id: string): Promise<readonly string[]> {
    return (await reasonsOf(id)).map(({ at }) => at)
  }

  test('one that was put off waits for its next try, one that was refused is over, both with the reply', async () => {
    const put = await submit('defer-1@away.example.com')
    await rig.log.until('delivery.deferred', { message: put })
    const [retry] = await reasonsOf(put)
    assert(retry?.at === 'retry' && retry.last !== undefined)
    // At 0, 10, 20, 30, 40, 50 and 60 minutes.
    assert.deepEqual([retry.tries, retry.about], [1, 7])
    assert.match(retry.last.text, /./)
    assert.equal(retry.last.code, 451)
    const refused = await submit('bounce-me@away.example.com')
    await rig.log.until('delivery.bounced', { message: refused })
    assert.deepEqual(await kinds(refused), ['bounced'])
  })

  test('one that was held, one that its sender wants sent later, one that was cancelled', async () => {
    const id = await submit('later@away.example.com', ' HOLDFOR=3600')
    assert.deepEqual(await kinds(id), ['scheduled'])
    await rig.cli('message', 'hold', id, '--reason', 'the shop asked')
    assert.deepEqual(await reasonsOf(id), [{ at: 'held', why: 'the shop asked' }])
    await rig.cli('message', 'cancel', id, '--reason', 'no longer true')
    const [cancelled] = await reasonsOf(id)
    assert(cancelled?.at === 'cancelled')
    assert.equal(cancelled.why, 'no longer true')
  })

  test('one is on the wire to a host that says nothing, the next waits for the only connection', async () => {
    const first = await submit('one@silent.example.net')
    await silent.asked.promise
    assert.deepEqual(await kinds(first), ['on-wire'])
    const second = await submit('two@silent.example.net')
    const third = await submit('three@silent.example.net')
    const [full, turn] = await reasonsOf(second)
    assert(full?.at === 'connections')
    assert.deepEqual([full.limit, full.connections], ['path', 1])
    assert.deepEqual(turn, { at: 'turn', ahead: 0, isHeld: true })
    assert.deepEqual((await reasonsOf(third)).at(-1), { at: 'turn', ahead: 1, isHeld: true })
    const { out } = await rig.cliRun('queue', '--match', 'silent.example.net', '--lang', 'en')
    assert.match(out, /default: its one connection is in use/)
    const { out: japanese } = await rig.cliRun('message', 'explain', second, '--lang', 'ja')
    assert.match(japanese, /接続は 1 本だけで、それが使われています。/)
    assert.match(japanese, /egress\.connections_per_path/)
  })

  test('a host where nobody listens is down, and a retry would not bring it nearer', async () => {
    const id = await submit('nobody@closed.example.net')
    await rig.log.until('delivery.deferred', { message: id })
    const [retry, down] = await reasonsOf(id)
    assert.equal(retry?.at, 'retry')
    assert(down?.at === 'down')
    assert.equal(down.failures, 1)
    assert.match(down.last.text, /ECONNREFUSED/)
  })

  test('without a node nothing is sent, and the record still says why it waits', async () => {
    await using own = await Rig.prepare()
    own.configure({ queue: 'retry = ["10m"]' })
    await own.run()
    await own.seed()
    const to = 'defer-1@stopped.example.com'
    const id = await own.submit({ from: FROM, to, content: `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n` })
    await own.log.until('delivery.deferred', { message: id })
    await own.node.stop()
    const { deliveries } = await own.cli<Explained>('message', 'explain', id)
    assert.deepEqual(
      deliveries[0]?.reasons.map(({ at }) => at),
      ['stopped', 'retry'],
    )
    const { out } = await own.cliRun('message', 'explain', id, '--lang', 'en')
    assert.match(out, /"hikyaku serve" runs one\./)
  })

  test('what never was is missing', async () => {
    assert.equal((await rig.cliRun('message', 'explain', '0sa8jyx0040')).code, 66)
  })
})
