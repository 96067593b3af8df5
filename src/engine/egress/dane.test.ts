/** TLSA records on the way out, what is told to those who report about TLS, and hosts whose TLS is broken. */

import assert from 'node:assert/strict'
import { createHash, createPublicKey } from 'node:crypto'
import { test } from 'node:test'

import type { Dane } from '#engine/transport-security'
import type { Tlsa } from '#platform/dns'
import { issue, selfSigned } from '#platform/tls'

import type { BrokenHost } from './broken-tls.ts'
import { MemoryWork, Rig, jobOf } from './rig.fixture.ts'
import type { RigOptions } from './rig.fixture.ts'
import { ScriptedServer } from './scripted-server.fixture.ts'
import type { Script } from './scripted-server.fixture.ts'
import { breaking, serve, startsTls, stripped } from './tls-scripts.fixture.ts'
import type { TlsTrial } from './tls-trial.ts'

const NOW = Date.now()
const DAY = 86_400_000
const HOST = 'mx1.example.net'
const OWN = issue({ name: 'elsewhere.example.net', from: NOW - DAY, until: NOW + DAY })
const ROOT = issue({ name: 'Root', isAuthority: true, from: NOW - DAY, until: NOW + DAY })
const LEAF = issue({ name: HOST, by: ROOT, from: NOW - DAY, until: NOW + DAY })
const GOOD = selfSigned(HOST, NOW)

function digest(octets: Uint8Array): Buffer {
  return createHash('sha256').update(octets).digest()
}

function usable(...records: readonly Tlsa[]): Dane {
  return { kind: 'usable', base: HOST, names: [HOST], records }
}

const ownKey = createPublicKey(OWN.privateKey).export({ type: 'spki', format: 'der' })
const BY_KEY: Tlsa = { usage: 3, selector: 1, matchingType: 1, data: digest(ownKey) }
const BY_ROOT: Tlsa = { usage: 2, selector: 0, matchingType: 1, data: digest(ROOT.certificate) }

type Sent = {
  readonly outcome: string
  readonly told: readonly (readonly [string, readonly TlsTrial[]])[]
  readonly broken: readonly BrokenHost[]
}

async function send(script: Script, dane: Dane, options: Partial<RigOptions> = {}): Promise<Sent> {
  const told: [string, readonly TlsTrial[]][] = []
  await using server = await ScriptedServer.start(script)
  await using rig = new Rig({
    ports: [server.port],
    dane: () => Promise.resolve(dane),
    witness: (...words) => void told.push(words),
    ...options,
    route: { dane: true, ...options.route },
  })
  const failure = rig.work.nextFailure().then(({ attempt }) => attempt)
  const tried = await Promise.race([rig.send().then(([one]) => one), failure])
  return {
    outcome: `${tried?.outcome} ${tried?.stage} [${tried?.tls}] ${tried?.text}`,
    told,
    broken: rig.egress.brokenTls(),
  }
}

test('a certificate that a TLSA record names is good, whatever it says. RFC 7672 §3.1.1', async () => {
  const { outcome } = await send(startsTls(OWN.pem), usable(BY_KEY), { route: { tls: 'dane' } })
  assert.match(outcome, /^delivered .*\[TLSv1\.3 TLS_\w+ dane\]/)
})

test('an authority that a TLSA record names is enough, if the host shows it. RFC 7672 §3.1.2', async () => {
  const chain = `${LEAF.pem}${ROOT.certificatePem}`
  assert.match((await send(startsTls(chain), usable(BY_ROOT))).outcome, /^delivered .* dane\]/)
  assert.match(
    (await send(startsTls(LEAF.pem), usable(BY_ROOT))).outcome,
    /^deferred tls .*no TLSA record matches/,
  )
})

test('with TLSA records no certificate but theirs will do, not even one of an authority', async () => {
  const trusted = { tls: { ca: GOOD } }
  const { outcome, told, broken } = await send(startsTls(GOOD), usable(BY_KEY), trusted)
  assert.match(
    outcome,
    /^deferred tls .*DANE forbids mx1\.example\.net: no TLSA record matches the certificate/,
  )
  assert.deepEqual(broken, [])
  assert.deepEqual(
    told.map(([domain, trials]) => [domain, trials.map(({ failure }) => failure?.fault)]),
    [['example.com', ['tlsa-invalid']]],
  )
})

test('with TLSA records mail never goes in clear', async () => {
  for (const dane of [usable(BY_KEY), { kind: 'unusable', base: HOST, records: [] } as const]) {
    assert.match((await send(stripped, dane)).outcome, /^deferred tls .*does not offer STARTTLS/)
    const { outcome, broken } = await send(breaking, dane)
    assert.match(outcome, /^deferred tls/)
    assert.deepEqual(broken, [], 'and is not remembered as one that may')
  }
})

test('records that cannot be used want TLS, with any certificate. RFC 7672 §2.2', async () => {
  const { outcome } = await send(startsTls(OWN.pem), { kind: 'unusable', base: HOST, records: [] })
  assert.match(outcome, /^delivered /)
})

function daneOf(host: string): Promise<Dane> {
  return Promise.resolve(host === HOST ? { kind: 'failed', base: host, text: 'servfail' } : { kind: 'none' })
}

test('a host whose records cannot be looked up is passed over, never spoken to. RFC 7672 §2.1.2', async () => {
  let asked = 0
  await using first = await ScriptedServer.start(async () => void (asked += 1))
  await using second = await ScriptedServer.start(startsTls(GOOD))
  await using rig = new Rig({ ports: [first.port, second.port], dane: daneOf, route: { dane: true } })
  const [tried] = await rig.send()
  assert.deepEqual([tried?.outcome, tried?.host, asked], ['delivered', 'mx2.example.net', 0])
  await using alone = new Rig({ ports: [first.port], dane: daneOf, route: { dane: true } })
  void alone.send()
  const { attempt } = await alone.work.nextFailure()
  assert.match(attempt.text, /the TLSA records of mx1\.example\.net cannot be looked up: servfail/)
})

test('where DANE is required, a host without records is no host. RFC 7672 §6', async () => {
  const { outcome, told } = await send(startsTls(GOOD), { kind: 'none' }, { route: { tls: 'dane' } })
  assert.match(outcome, /^deferred tls .*DANE is required/)
  assert.equal(told[0]?.[1][0]?.failure?.fault, 'dane-required')
})

test('a route that does not ask for DANE asks nobody', async () => {
  await using server = await ScriptedServer.start(startsTls(GOOD))
  await using rig = new Rig({ ports: [server.port], dane: () => assert.fail('asked') })
  assert.equal((await rig.send())[0]?.outcome, 'delivered')
})

test('those who report hear of each domain once a connection, and of the certificate’s worth', async () => {
  const told: string[] = []
  await using server = await ScriptedServer.start(startsTls(GOOD))
  await using rig = new Rig({
    ports: [server.port],
    witness: (domain, trials) =>
      void told.push(`${domain} ${trials.map((one) => one.doubt?.fault ?? 'good').join()}`),
  })
  for (const to of [
    'a@one.example',
    'b@one.example',
    'c@two.example',
    'd@one.example',
    'e@three.example',
    'f@two.example',
  ])
    await rig.send({ to: [to] })
  const doubt = 'certificate-not-trusted'
  assert.deepEqual(told, [`one.example ${doubt}`, `two.example ${doubt}`, `three.example ${doubt}`])
})

const plain: Script = async (client) => {
  client.say('220 mx')
  await client.expect('EHLO')
  client.say('250-mx', '250 STARTTLS')
  await serve(client)
}

test('a handshake that failed is told once, though clear text went after it; and later that TLS was not tried', async () => {
  const told: (readonly TlsTrial[])[] = []
  await using server = await ScriptedServer.start(breaking, plain, plain)
  await using rig = new Rig({
    ports: [server.port],
    witness: (_, trials) => void told.push(trials),
    config: { messagesPerConnection: 1 },
  })
  assert.equal((await rig.send())[0]?.tls, '')
  assert.deepEqual(
    told.map((trials) => trials.map(({ failure }) => failure?.fault)),
    [['validation-failure']],
  )
  const [broken] = rig.egress.brokenTls()
  assert.equal(broken?.host, HOST)
  await rig.send()
  assert.equal(told.length, 2)
  assert.match(told[1]?.[0]?.failure?.text ?? '', /remembered/)
})

test('a report about TLS goes however it can, and nobody is told of it. RFC 8460 §5.3.1', async () => {
  const route = { exempt: true, dane: undefined } as never
  const { outcome, told } = await send(startsTls(OWN.pem), usable(BY_KEY), { route })
  assert.match(outcome, /^delivered /)
  assert.deepEqual(told, [])
})

test('those whose mail waits are told when no connection comes about', async () => {
  const told: string[] = []
  await using server = await ScriptedServer.start(stripped)
  await using rig = new Rig({
    ports: [server.port],
    route: { tls: 'required' },
    witness: (domain, trials) => void told.push(`${domain} ${trials[0]?.failure?.fault}`),
  })
  for (const to of ['a@one.example', 'b@two.example', 'c@one.example'])
    rig.work.jobs.push(jobOf({ to: [to] }).job)
  rig.path.wake()
  await rig.work.nextFailure()
  assert.deepEqual(told, ['one.example starttls-not-supported', 'two.example starttls-not-supported'])
  assert.ok(rig.work instanceof MemoryWork)
})
