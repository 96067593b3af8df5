import assert from 'node:assert/strict'
import { test } from 'node:test'

import { loadConfig } from '#platform/config'
import type { Config } from '#platform/config'
import type { Answer, Dns, RecordType } from '#platform/dns'
import { parseZone } from '#platform/dns'
import { selfSigned } from '#platform/tls'
import type { NodeStatus } from '#product/operation'
import type { Finding } from '#product/verification'

import { examine } from './index.ts'
import type { Directory, DomainBook, Machine, Patient, PostmasterBook } from './index.ts'

const NOW = Date.UTC(2026, 10, 22)
const DAY = 86_400_000

function configOf(text = ''): Config {
  const loaded = loadConfig({
    path: 'hikyaku.toml',
    env: {},
    readFile: () => `[node]\nname = "out.example.net"\ndata = "/var/lib/hikyaku"\n${text}`,
    hostname: 'host',
  })
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.join())
  return loaded.config
}

const ZONE = `
  iana.org MX 10 mx.iana.org
  out.example.net A 1.1.1.7
  7.1.1.1.in-addr.arpa PTR out.example.net
  probe.example MX 10 mx.probe.example
  mx.probe.example A 1.1.1.25
  probe.example A 1.1.1.80
`

/** `failing`: every question; otherwise what the zone says. */
function dnsOf(zone: string, options: { authentic?: boolean; failing?: boolean } = {}): Dns {
  const records = parseZone(zone)
  const { authentic = true, failing = false } = options
  const answer = (name: string, type: RecordType): Answer => {
    if (failing) return { kind: 'failed', reason: 'timeout', text: 'nobody', expires: 0 }
    const here = records.filter((record) => record.name === name)
    const found = here.filter((record) => record.type === type).map(({ data }) => data)
    if (found.length > 0) return { kind: 'records', name, authentic, records: found, expires: 0 }
    return { kind: here.length > 0 ? 'nodata' : 'nxdomain', name, authentic, expires: 0 }
  }
  return {
    query: <T extends RecordType>(name: string, type: T) => Promise.resolve(answer(name, type) as Answer<T>),
    cached: () => undefined,
  }
}

const DIRECTORY: Directory = {
  mode: 0o700,
  owner: 1000,
  writable: true,
  type: 0xef53,
  blocks: 1000,
  bavail: 500,
  files: 1000,
  ffree: 500,
}

const pem = selfSigned('out.example.net', NOW)
const foreign = selfSigned('other.example', NOW)

function machineOf(changes: Partial<Machine> = {}): Machine {
  return {
    now: () => NOW,
    user: 1000,
    addresses: ['127.0.0.1', '1.1.1.7', '10.0.0.5'],
    directory: async () => DIRECTORY,
    readFile: async () => Buffer.from(pem),
    timekeeper: async () => ({ name: 'systemd-timesyncd', synchronized: true }),
    httpDate: async () => ({ theirs: NOW, ours: NOW }),
    bind: async () => undefined,
    greeting: async () => ({ ok: true, line: '220 mx.probe.example ESMTP' }),
    ...changes,
  }
}

const STATUS: NodeStatus = {
  version: '1.2.3',
  pid: 42,
  startedAt: NOW,
  node: 'out.example.net',
  listeners: [
    { name: 'submission', address: '::', port: 587 },
    { name: 'submissions', address: '::', port: 465 },
  ],
  accepting: true,
  waiting: 1,
  onWire: 2,
  held: 0,
}

const VOUCHED = { createdAt: NOW, verifiedAt: NOW, vouched: true, health: 'good' } as const

const BOOK: DomainBook & PostmasterBook = {
  postmasterMails: async () => [],
  brokenTls: async () => [],
  domains: async () => [{ name: 'example.org', organization: 'default', ...VOUCHED }],
  domainVerify: async ({ name }) => ({
    domain: name,
    findings: [{ level: 'ok', check: 'spf', text: 'good' }],
  }),
}

const TLS = '[tls]\ncertificate = "/etc/cert.pem"\nkey = "/etc/key.pem"\n'

type Changes = Partial<Omit<Patient, 'config' | 'machine'>> & {
  readonly config?: string
  readonly machine?: Partial<Machine>
}

async function told(
  check: string,
  { config, machine, ...changes }: Changes = {},
): Promise<readonly Finding[]> {
  const findings = await examine({
    config: configOf(config ?? TLS),
    version: '1.2.3',
    machine: machineOf(machine),
    node: { at: 'running', status: STATUS },
    resolvers: [{ name: '127.0.0.1', dns: dnsOf(ZONE) }],
    withDomains: (use) => use(BOOK),
    ...changes,
  })
  return check === '' ? findings : findings.filter((finding) => finding.check === check)
}

async function one(check: string, changes: Changes): Promise<readonly [level: string, text: string]> {
  const [finding, ...more] = await told(check, changes)
  assert.deepEqual(more, [])
  assert.ok(finding, `nothing is said of ${check}`)
  return [finding.level, finding.text]
}

test('a machine as it should be has nothing but good findings, in the order in which one would repair', async () => {
  const findings = await told('', { probe: 'probe.example' })
  assert.deepEqual(
    findings.map(({ level, check }) => [level, check]),
    [
      ['ok', 'data'],
      ['ok', 'certificate'],
      ['ok', 'clock'],
      ['ok', 'dns'],
      ['ok', 'source default'],
      ['ok', 'outbound'],
      ['ok', 'listener submission'],
      ['ok', 'listener submissions'],
      ['ok', 'node'],
      ['ok', 'domain example.org'],
      ['ok', 'tls'],
    ],
  )
})

const DIRECTORIES: readonly (readonly [changes: Partial<Directory>, level: string, says: RegExp])[] = [
  [{ mode: 0o750 }, 'warning', /open to other users \(mode 750\)/],
  [{ owner: 0 }, 'warning', /belongs to user 0, this is user 1000/],
  [{ writable: false }, 'problem', /cannot be written/],
  [{ type: 0x0102_1994 }, 'problem', /tmpfs/],
  [{ bavail: 99 }, 'problem', /10 % of the disk is free: new mail is put off/],
  [{ bavail: 150 }, 'warning', /15 % of the disk is free/],
  [{ ffree: 0 }, 'problem', /0 % of the inodes are free/],
  [{ files: 0, ffree: 0 }, 'ok', /private and writable/],
]

for (const [changes, level, says] of DIRECTORIES) {
  test(`a data directory with ${JSON.stringify(changes)} is ${level}`, async () => {
    const [was, text] = await one('data', {
      machine: { directory: async () => ({ ...DIRECTORY, ...changes }) },
    })
    assert.equal(was, level)
    assert.match(text, says)
  })
}

test('a data directory that is not there, or may not be looked at', async () => {
  assert.equal((await one('data', { machine: { directory: async () => undefined } }))[0], 'skipped')
  const denied = await one('data', { machine: { directory: async () => ({ denied: 'EACCES' }) } })
  assert.deepEqual(denied, ['problem', '/var/lib/hikyaku cannot be read: EACCES'])
})

const unreadable = async (): Promise<never> => {
  throw new Error('EACCES: permission denied')
}

const CERTIFICATES: readonly (readonly [what: string, changes: Changes, level: string, says: RegExp])[] = [
  ['that expired', { machine: { now: () => NOW + 4000 * DAY } }, 'problem', /has expired on 2036/],
  ['about to expire', { machine: { now: () => NOW + 3645 * DAY } }, 'warning', /ends on 2036/],
  ['of tomorrow', { machine: { now: () => NOW - 5 * DAY } }, 'problem', /not valid yet/],
  [
    'for another name',
    {
      machine: { readFile: async () => Buffer.from(foreign) },
    },
    'problem',
    /not for out\.example\.net/,
  ],
  [
    'with another key',
    {
      machine: {
        readFile: async (path) => Buffer.from(path.includes('key') ? selfSigned('x.example', NOW) : pem),
      },
    },
    'problem',
    /is not the key of/,
  ],
  ['that is none', { machine: { readFile: async () => Buffer.from('hello') } }, 'problem', /cannot be used/],
  ['that is not there', { machine: { readFile: async () => undefined } }, 'problem', /does not exist/],
  ['that cannot be read', { machine: { readFile: unreadable } }, 'problem', /permission denied/],
  ['of our own', { config: '' }, 'warning', /self-signed: nobody can verify it/],
  [
    'yet to be made',
    { config: '', machine: { readFile: async () => undefined } },
    'skipped',
    /first start makes/,
  ],
]

for (const [what, changes, level, says] of CERTIFICATES) {
  test(`a certificate ${what} is ${level}`, async () => {
    const [was, text] = await one('certificate', changes)
    assert.equal(was, level, text)
    assert.match(text, says)
  })
}

const off = (by: number): Changes => ({
  probe: 'probe.example',
  machine: { httpDate: async () => ({ theirs: NOW - by, ours: NOW }) },
})

test('the clock is compared where that may be done, and otherwise whoever keeps it is believed', async () => {
  assert.deepEqual(await one('clock', off(-1_000)), ['ok', '1 s behind the HTTP of probe.example'])
  assert.deepEqual(await one('clock', off(10_000)), ['warning', '10 s ahead of the HTTP of probe.example'])
  assert.equal((await one('clock', off(-3_600_000)))[0], 'problem')
  assert.equal((await one('clock', {}))[0], 'ok')
  assert.match(
    (await one('clock', { probe: 'probe.example', machine: { httpDate: async () => undefined } }))[1],
    /timesyncd/,
  )
  const chrony = { timekeeper: async () => ({ name: 'chrony', synchronized: false }) }
  assert.equal((await one('clock', { machine: chrony }))[0], 'skipped')
  assert.equal((await one('clock', { machine: { timekeeper: async () => undefined } }))[0], 'skipped')
  assert.equal((await one('clock', { machine: { now: () => 0 } }))[0], 'problem')
})

test('each resolver is judged, and without any that answers no domain is looked up', async () => {
  const good = { name: '127.0.0.1', dns: dnsOf(ZONE) }
  const silent = { name: '192.0.2.53', dns: dnsOf(ZONE, { failing: true }) }
  const plain = { name: '1.1.1.1', dns: dnsOf(ZONE, { authentic: false }) }
  const empty = { name: '10.0.0.1', dns: dnsOf('') }
  const levels = (await told('dns', { resolvers: [good, silent, plain, empty] })).map(({ level }) => level)
  assert.deepEqual(levels, ['ok', 'problem', 'warning', 'problem'])
  assert.deepEqual(await one('domain', { resolvers: [silent] }), [
    'skipped',
    'not looked up: no resolver answers',
  ])
})

const SOURCES: readonly (readonly [
  what: string,
  zone: string,
  source: string,
  level: string,
  says: RegExp,
])[] = [
  [
    'that is its own name',
    '7.1.1.1.in-addr.arpa PTR out.example.net\nout.example.net A 1.1.1.7',
    'address = "1.1.1.7"',
    'ok',
    /1\.1\.1\.7 is out\.example\.net, and back/,
  ],
  ['without PTR', 'out.example.net A 1.1.1.7', 'address = "1.1.1.7"', 'problem', /has no PTR record/],
  [
    'whose PTR lies',
    '7.1.1.1.in-addr.arpa PTR google.com',
    'address = "1.1.1.7"',
    'problem',
    /google\.com, which does not lead back/,
  ],
  [
    'with two names',
    '7.1.1.1.in-addr.arpa PTR host.isp.example\nhost.isp.example A 1.1.1.7\nout.example.net A 1.1.1.7',
    'address = "1.1.1.7"',
    'warning',
    /is host\.isp\.example, and says out\.example\.net/,
  ],
  [
    'with a foreign EHLO name',
    '7.1.1.1.in-addr.arpa PTR host.isp.example\nhost.isp.example A 1.1.1.7',
    'address = "1.1.1.7"',
    'problem',
    /says out\.example\.net, which does not lead to it/,
  ],
  ['of another machine', '', 'address = "1.1.1.9"', 'problem', /no address of this machine/],
  [
    'behind NAT',
    '7.1.1.1.in-addr.arpa PTR out.example.net\nout.example.net A 1.1.1.7',
    'address = "10.0.0.5"',
    'ok',
    /10\.0\.0\.5 is private; 1\.1\.1\.7 is out/,
  ],
  [
    'behind NAT with its private name',
    'out.example.net A 10.0.0.5',
    'address = "10.0.0.5"',
    'problem',
    /leads to 10\.0\.0\.5, which is private/,
  ],
  [
    'behind an HAProxy',
    '9.1.1.1.in-addr.arpa PTR out.example.net\nout.example.net A 1.1.1.9',
    'address = "1.1.1.9"\nproxy = "haproxy://10.0.0.5:2525"',
    'ok',
    /1\.1\.1\.9 is out\.example\.net, and back/,
  ],
  ['behind a relay', '', 'relay = ["smtp.example.net:587"]', 'skipped', /by a relay/],
  ['nobody knows', '', '', 'problem', /the EHLO name out\.example\.net leads to no address/],
]

for (const [what, zone, source, level, says] of SOURCES) {
  test(`a source ${what} is ${level}`, async () => {
    const resolvers = [{ name: 'x', dns: dnsOf(zone) }] as const
    const machine = { bind: async () => 'EADDRNOTAVAIL' }
    const [was, text] = await one('source a', {
      resolvers,
      machine,
      config: `[egress.sources.a]\n${source}\n`,
    })
    assert.equal(was, level, text)
    assert.match(text, says)
  })
}

test('what cannot be looked up is no fault of the source', async () => {
  const resolvers = [{ name: 'x', dns: dnsOf('', { failing: true }) }] as const
  assert.equal((await one('source default', { resolvers }))[0], 'skipped')
})

test('a mail host is greeted only when one may be, and from every source', async () => {
  const asked: unknown[] = []
  const answers = (code: string): Partial<Machine> => ({
    greeting: async (to) => (asked.push(to), { ok: false, code }),
  })
  assert.equal((await one('outbound', { machine: answers('x') }))[0], 'skipped')
  assert.deepEqual(asked, [])
  const config = '[egress.sources.a]\naddress = "1.1.1.7"\n[egress.sources.b]\naddress = "2606:4700::7"\n'
  const found = await told('outbound', { config, probe: 'probe.example', machine: answers('timeout') })
  assert.deepEqual(
    found.map(({ level, text }) => [level, text]),
    [
      ['problem', 'a reaches nobody: mx.probe.example [1.1.1.25] port 25: timeout'],
      ['skipped', 'b: no host has an address of the family of 2606:4700::7'],
    ],
  )
  assert.deepEqual(asked, [{ address: '1.1.1.25', port: 25, from: '1.1.1.7' }])
  assert.equal(
    (await one('outbound', { probe: 'probe.example', machine: answers('ENETUNREACH') }))[0],
    'skipped',
  )
  assert.equal((await one('outbound', { probe: 'nowhere.example' }))[0], 'skipped')
})

test('a host that refuses our address can be reached all the same; what it says cannot steer a terminal', async () => {
  const machine: Partial<Machine> = {
    greeting: async () => ({ ok: true, line: '554 5.7.1 go away\u001b[2J' }),
  }
  const [finding] = await told('outbound', { probe: 'probe.example', machine })
  assert.equal(finding?.level, 'warning')
  assert.match(finding.text, /"554 5\.7\.1 go away \[2J"/)
})

test('private hosts are not greeted unless the configuration lets mail go there', async () => {
  const resolvers = [{ name: 'x', dns: dnsOf('probe.example A 10.0.0.9') }] as const
  assert.equal((await one('outbound', { resolvers, probe: 'probe.example' }))[0], 'skipped')
  const config = '[egress]\nallow_private = true\n'
  assert.equal((await one('outbound', { resolvers, config, probe: 'probe.example' }))[0], 'ok')
})

test('without a running node each listener is tried; with one nothing is', async () => {
  const machine = {
    bind: async (_address: string, port: number) => (port === 587 ? 'EADDRINUSE' : undefined),
  }
  const absent = await told('', { machine, node: { at: 'absent' } })
  const ofListeners = absent.filter(({ check }) => check.startsWith('listener'))
  assert.deepEqual(
    ofListeners.map(({ level, text }) => [level, text]),
    [
      ['problem', 'cannot listen on [::]:587: EADDRINUSE'],
      ['ok', '[::]:465 is free'],
    ],
  )
  const status = { ...STATUS, listeners: STATUS.listeners.slice(0, 1) }
  const running = await told('', { machine, node: { at: 'running', status } })
  assert.deepEqual(
    running.filter(({ check }) => check.startsWith('listener')).map(({ level }) => level),
    ['ok', 'warning'],
  )
})

test('the node is absent, silent, full, or of another release', async () => {
  assert.deepEqual(await one('node', { node: { at: 'absent' } }), ['warning', 'no node runs'])
  assert.equal((await one('node', { node: { at: 'silent', why: 'EACCES' } }))[0], 'problem')
  const full = { ...STATUS, accepting: false, refusal: '452 4.3.1 full' }
  assert.deepEqual(await one('node', { node: { at: 'running', status: full } }), [
    'problem',
    'process 42 takes no mail: 452 4.3.1 full',
  ])
  assert.equal((await one('node', { version: '1.3.0' }))[0], 'warning')
})

function skipped(directory: Machine['directory']): Promise<readonly [level: string, text: string]> {
  return one('domain', {
    node: { at: 'absent' },
    withDomains: () => assert.fail('opened'),
    machine: { directory },
  })
}

test('the stores of another user, or of nobody yet, are not opened', async () => {
  assert.match((await skipped(async () => ({ ...DIRECTORY, owner: 0 })))[1], /run this as user 0/)
  assert.match((await skipped(async () => undefined))[1], /no data directory yet/)
  assert.match((await skipped(async () => ({ denied: 'EACCES' })))[1], /cannot be read/)
  const failing = await one('domain', { withDomains: () => Promise.reject(new Error('in use')) })
  assert.deepEqual(failing, ['skipped', 'not looked up: in use'])
})
