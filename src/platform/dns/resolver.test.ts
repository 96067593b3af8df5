import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { Resolver } from './resolver.ts'
import type { Question, Said } from './server.ts'
import { bench, config, example, inExample, ofZone } from './test-bench.ts'
import { lookUp, parseZone } from './zone.ts'

test('records, denials and failures are values', async () => {
  const said: { [name: string]: Said } = {
    'gone.example': { kind: 'nxdomain', ttl: 60 },
    'empty.example': { kind: 'nodata', ttl: 60 },
    'broken.example': { kind: 'servfail' },
    'closed.example': { kind: 'refused' },
  }
  await bench(
    ({ name, type }) => said[name.toLowerCase()] ?? lookUp(example, name, type),
    async ({ resolver }) => {
      assert.deepEqual(await resolver.query('example.com', 'MX'), {
        kind: 'records',
        name: 'example.com',
        records: [{ preference: 10, exchange: 'mx.example.com' }],
        authentic: false,
        expires: 601_000,
      })
      assert.equal((await resolver.query('gone.example', 'MX')).kind, 'nxdomain')
      assert.equal((await resolver.query('empty.example', 'A')).kind, 'nodata')
      const broken = await resolver.query('broken.example', 'A')
      assert.ok(broken.kind === 'failed' && broken.reason === 'servfail')
      const closed = await resolver.query('closed.example', 'A')
      assert.ok(closed.kind === 'failed' && closed.reason === 'refused')
    },
  )
})

test('a known answer costs no question, until it expires', async () => {
  await bench(
    () => lookUp(example, 'mx.example.com', 'A'),
    async ({ resolver, asked, clock }) => {
      assert.equal(resolver.cached('mx.example.com', 'A'), undefined)
      await resolver.query('mx.example.com', 'A')
      await resolver.query('MX.example.com', 'A')
      assert.equal(resolver.cached('mx.example.com', 'A')?.kind, 'records')
      clock.now += 599_999
      await resolver.query('mx.example.com', 'A')
      assert.equal(asked.length, 1)
      clock.now += 1
      assert.equal(resolver.cached('mx.example.com', 'A'), undefined)
      await resolver.query('mx.example.com', 'A')
      assert.equal(asked.length, 2)
      resolver.flush()
      await resolver.query('mx.example.com', 'A')
      assert.equal(asked.length, 3)
    },
  )
})

const soon = ({ name }: Question): Said => ({
  kind: 'records',
  records: parseZone(`${name} ${name.toLowerCase() === 'zero.example' ? 0 : 2 ** 31 - 1} A 192.0.2.1`).map(
    (one) => ({ ...one, name }),
  ),
})

test('TTLs are clamped to 30 s and a day, denials to 3 h, failures to 5 s', async () => {
  await bench(
    (question) =>
      question.name.toLowerCase() === 'gone.example'
        ? { kind: 'nxdomain', ttl: 86_400 }
        : question.name.toLowerCase() === 'broken.example'
          ? { kind: 'servfail' }
          : soon(question),
    async ({ resolver }) => {
      assert.equal((await resolver.query('zero.example', 'A')).expires, 1_000 + 30_000)
      assert.equal((await resolver.query('long.example', 'A')).expires, 1_000 + 86_400_000)
      assert.equal((await resolver.query('gone.example', 'A')).expires, 1_000 + 3 * 3_600_000)
      assert.equal((await resolver.query('broken.example', 'A')).expires, 1_000 + 5_000)
    },
  )
})

test('the same question at the same time is asked once', async () => {
  await bench(inExample, async ({ resolver, asked }) => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => resolver.query('example.com', 'MX')))
    assert.equal(asked.length, 1)
    assert.equal(new Set(answers).size, 1)
  })
})

test('two thousand questions at once are all answered', async () => {
  await bench(
    ({ name }) => ({ kind: 'records', records: parseZone(`${name} A 192.0.2.1`) }),
    async ({ resolver }) => {
      const names = Array.from({ length: 2_000 }, (_, index) => `h${index}.example`)
      const answers = await Promise.all(names.map((name) => resolver.query(name, 'A')))
      assert.deepEqual([...new Set(answers.map(({ kind }) => kind))], ['records'])
      assert.equal(answers[7]?.kind === 'records' && answers[7].name, 'h7.example')
      assert.equal(
        resolver.cached('h0.example', 'A'),
        undefined,
        'a thousand entries are kept, the last ones',
      )
      assert.ok(resolver.cached('h1999.example', 'A'))
    },
    { attempts: 3, timeout: 2_000 },
  )
})

test('CNAMEs are followed within a reply and across replies, and the least TTL counts', async () => {
  const whole = `
    a.example 100 CNAME b.example
    b.example 50 CNAME c.example
    c.example 200 A 192.0.2.1`
  await bench(ofZone(whole), async ({ resolver, asked }) => {
    const answer = await resolver.query('a.example', 'A')
    assert.ok(answer.kind === 'records')
    assert.deepEqual([answer.name, answer.records, answer.expires], ['c.example', ['192.0.2.1'], 51_000])
    assert.equal(asked.length, 1)
  })
  const oneByOne = ({ name }: Question): Said => ({
    kind: 'records',
    records: parseZone(whole).filter((one) => one.name === name.toLowerCase()),
  })
  await bench(oneByOne, async ({ resolver, asked }) => {
    const answer = await resolver.query('a.example', 'A')
    assert.ok(answer.kind === 'records')
    assert.deepEqual([answer.name, answer.records, answer.expires], ['c.example', ['192.0.2.1'], 51_000])
    assert.equal(asked.length, 3)
  })
})

const chain = (length: number): string =>
  Array.from({ length }, (_, index) => `n${index}.example CNAME n${index + 1}.example`).join('\n')

const loop = ({ name }: Question): Said => ({
  kind: 'records',
  records: parseZone(`a.example CNAME b.example\nb.example CNAME a.example`).filter(
    (one) => one.name === name.toLowerCase(),
  ),
})

test('eight CNAMEs are followed, nine and loops are failures', async () => {
  const ends: [string, 'records' | 'failed'][] = [
    [`${chain(8)}\nn8.example A 192.0.2.1`, 'records'],
    [`${chain(9)}\nn9.example A 192.0.2.1`, 'failed'],
    [`${chain(2)}\nn2.example CNAME n0.example`, 'failed'],
    ['n0.example CNAME n0.example', 'failed'],
  ]
  for (const [zone, kind] of ends) {
    await bench(ofZone(zone), async ({ resolver, asked }) => {
      const answer = await resolver.query('n0.example', 'A')
      assert.equal(answer.kind, kind)
      assert.ok(answer.kind !== 'failed' || answer.reason === 'loop')
      assert.equal(asked.length, 1)
    })
  }
  await bench(loop, async ({ resolver, asked }) => {
    const answer = await resolver.query('a.example', 'A')
    assert.ok(answer.kind === 'failed' && answer.reason === 'loop')
    assert.equal(asked.length, 2)
  })
})

test('a CNAME to nowhere is nowhere', async () => {
  await bench(
    () => ({ kind: 'records', records: parseZone('a.example CNAME bad..name') }),
    async ({ resolver }) => assert.equal((await resolver.query('a.example', 'A')).kind, 'failed'),
  )
  await bench(
    ({ name }) =>
      name.toLowerCase() === 'a.example'
        ? { kind: 'records', records: parseZone('a.example CNAME gone.example') }
        : { kind: 'nxdomain', ttl: 60 },
    async ({ resolver }) => {
      const answer = await resolver.query('a.example', 'A')
      assert.ok(answer.kind === 'nxdomain' && answer.name === 'gone.example')
    },
  )
})

test('records of other names in the answer are not believed', async () => {
  await bench(
    () => ({ kind: 'records', records: parseZone('other.example A 192.0.2.66') }),
    async ({ resolver }) => {
      assert.equal((await resolver.query('a.example', 'A')).kind, 'nodata')
      assert.equal(resolver.cached('other.example', 'A'), undefined)
    },
  )
})

test('a name that no query can carry does not exist, and nobody is asked', async () => {
  await bench(
    () => ({ kind: 'servfail' }),
    async ({ resolver, asked }) => {
      for (const name of ['', '.', 'a..b', `${'a'.repeat(64)}.example`, 'bücher.example', 'a b.example']) {
        assert.equal((await resolver.query(name, 'A')).kind, 'nxdomain', name)
      }
      assert.equal(asked.length, 0)
    },
  )
})

test('the AD bit of a server on this machine is believed', async () => {
  await bench(
    inExample,
    async ({ resolver, asked }) => {
      const known = await resolver.query('example.com', 'MX')
      assert.ok(known.kind === 'records' && known.authentic)
      assert.equal(asked[0]?.dnssecOk, true)
    },
    { authentic: true, dnssecOk: true },
  )
})

test('the system’s servers are read again, and questions under way go to the new ones', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'hikyaku-dns-'))
  const resolvConf = join(dir, 'resolv.conf')
  // Port 53 of a loopback address that is ours alone: nobody listens there.
  writeFileSync(resolvConf, 'nameserver 127.53.53.1\n')
  const clock = { now: 0 }
  using resolver = new Resolver({ config: { ...config, timeout: 50 }, now: () => clock.now, resolvConf })
  const before = await resolver.query('example.com', 'MX')
  assert.ok(before.kind === 'failed' && before.text.startsWith('127.53.53.1: '))
  writeFileSync(resolvConf, 'nameserver 127.53.53.2\n')
  clock.now = 29_999
  const within = await resolver.query('b.example', 'MX')
  assert.ok(within.kind === 'failed' && within.text.startsWith('127.53.53.1: '))
  clock.now = 30_000
  const after = await resolver.query('c.example', 'MX')
  assert.ok(after.kind === 'failed' && after.text.startsWith('127.53.53.2: '))
  rmSync(dir, { recursive: true })
})

test('a server that is no address is refused at once', () => {
  const wrong = { ...config, servers: ['dns.example.com'] }
  assert.throws(() => new Resolver({ config: wrong, now: () => 0 }), {
    name: 'TypeError',
    message: /dns\.example\.com/,
  })
})

test('disposal ends questions under way', async () => {
  await bench(
    () => ({ kind: 'drop' }),
    async ({ resolver }) => {
      const waiting = resolver.query('example.com', 'MX')
      setImmediate(() => resolver[Symbol.dispose]())
      const answer = await waiting
      assert.ok(answer.kind === 'failed' && answer.reason === 'unreachable')
    },
    { timeout: 60_000 },
  )
})

test('a server that cannot even be connected is a failure of the query, and of nothing else', async () => {
  // A socket may not be connected to the broadcast address without asking for it: the same as no route, on any machine.
  using resolver = new Resolver({ config: { ...config, servers: ['255.255.255.255'] }, now: () => 0 })
  for (let i = 0; i < 8; i += 1) {
    const answer = await resolver.query(`n${i}.example.com`, 'MX')
    assert.ok(answer.kind === 'failed' && answer.reason === 'unreachable')
  }
})

/** Whether an answer with the AD bit, of a server on this machine, counts as validated. */
async function isBelieved(trustAd: 'loopback' | 'all' | 'none'): Promise<boolean> {
  const found = Promise.withResolvers<boolean>()
  const ask = async ({ resolver }: { resolver: Resolver }): Promise<void> => {
    const answer = await resolver.query('example.com', 'MX')
    found.resolve(answer.kind === 'records' && answer.authentic)
  }
  await bench(inExample, ask, { authentic: true, trustAd })
  return await found.promise
}

test('the AD bit is believed of those whom the operator trusts, and of nobody else. RFC 6840 §5.8', async () => {
  assert.equal(await isBelieved('loopback'), true)
  assert.equal(await isBelieved('all'), true)
  assert.equal(await isBelieved('none'), false)
})
