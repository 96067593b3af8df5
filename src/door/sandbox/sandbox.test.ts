import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createRouting } from '#engine/routing'
import { Resolver } from '#platform/dns'
import { selfSigned } from '#platform/tls'

import { startSandbox } from './sandbox.ts'
import type { Sandbox, SandboxOptions } from './sandbox.ts'
import { Client } from './test-client.ts'

const NOW = Date.UTC(2026, 10, 22)

async function open(more: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return await startSandbox({ smtpPort: 0, dnsPort: 0, httpPort: 0, now: () => NOW, ...more })
}

test('a message is taken as it came, with its envelope', async () => {
  await using sandbox = await open()
  using client = await Client.ready(sandbox.smtpPort)
  const replies = await client.talk(
    'MAIL FROM:<me@sender.example> SIZE=20 BODY=8BITMIME RET=HDRS ENVID=a+2Bb',
    'RCPT TO:<a@x.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@x.example',
    'RCPT TO:<"odd one"@y.example>',
    'DATA',
  )
  assert.deepEqual(
    replies.map((said) => said.slice(0, 3)),
    ['250', '250', '250', '354'],
  )
  assert.match(await client.say('Subject: x\r\n\r\n..dot\r\nend\r\n.'), /^250 2\.0\.0 OK, message 1$/)
  await sandbox.waitFor(1)
  const [message, ...others] = sandbox.received()
  assert.ok(message && others.length === 0)
  assert.equal(message.raw.toString(), 'Subject: x\r\n\r\n.dot\r\nend\r\n')
  assert.deepEqual(message.envelope, {
    from: { local: 'me', domain: 'sender.example' },
    to: [
      { to: { local: 'a', domain: 'x.example' }, notify: ['success', 'delay'], orcpt: 'rfc822;b@x.example' },
      { to: { local: 'odd one', domain: 'y.example' } },
    ],
    body: '8bitmime',
    smtputf8: false,
    requireTls: false,
    priority: 0,
    size: 20,
    ret: 'headers',
    envid: 'a+b',
  })
  assert.deepEqual(message.client, { address: '127.0.0.1', helo: 'client.example' })
  assert.equal(message.at, NOW)
})

test('pipelined commands and content in one segment are answered in order', async () => {
  await using sandbox = await open()
  using client = await Client.ready(sandbox.smtpPort)
  const one = 'MAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\nDATA\r\nhi\r\n.\r\n'
  client.write(`${one}${one}QUIT\r\n`)
  const replies: string[] = []
  for (let index = 0; index < 9; index++) replies.push((await client.reply()).slice(0, 3))
  assert.deepEqual(replies, ['250', '250', '354', '250', '250', '250', '354', '250', '221'])
  assert.equal(await client.reply(), 'closed')
  assert.equal(sandbox.accepted, 2)
})

test('chunks make one message, however they are cut', async () => {
  await using sandbox = await open()
  using client = await Client.ready(sandbox.smtpPort)
  await client.talk('MAIL FROM:<> BODY=BINARYMIME', 'RCPT TO:<a@x.example>')
  client.write('BDAT 6\r\na\0\n.\r\nBDAT 0\r\nBDAT 3 LAST\r\nend')
  assert.deepEqual(
    [await client.reply(), await client.reply()],
    ['250 2.0.0 6 octets received', '250 2.0.0 0 octets received'],
  )
  assert.match(await client.reply(), /^250 2\.0\.0 OK/)
  assert.equal(sandbox.received()[0]?.raw.toString('latin1'), 'a\0\n.\r\nend')
  // The octets of a chunk that is refused are no commands.
  client.write('BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n')
  assert.match(await client.reply(), /^503/)
  assert.match(await client.reply(), /^250/)
})

test('content with bare newlines or NUL is refused', async () => {
  await using sandbox = await open()
  using client = await Client.ready(sandbox.smtpPort)
  for (const content of ['a\nb\r\n', 'a\rb\r\n', 'a\0b\r\n', 'a\n.\r\nMAIL FROM:<>\r\n']) {
    assert.match(await client.send('a@x.example', content), /^550 5\.6\.0/)
  }
  assert.deepEqual(sandbox.all(), [])
})

test('commands out of order are refused', async () => {
  await using sandbox = await open()
  using client = await Client.to(sandbox.smtpPort)
  await client.reply()
  const lines = [
    'MAIL FROM:<>',
    'EHLO me',
    'RCPT TO:<a@x.example>',
    'DATA',
    'MAIL FROM:<>',
    'MAIL FROM:<>',
    'DATA',
    'WHAT',
  ]
  const replies = await client.talk(
    ...lines,
    'AUTH PLAIN AGEAYg==',
    'STARTTLS',
    'VRFY a',
    'NOOP',
    'RSET',
    'QUIT',
  )
  assert.deepEqual(
    replies.map((said) => said.slice(0, 3)),
    ['503', '250', '503', '503', '250', '503', '554', '502', '503', '502', '252', '250', '250', '221'],
  )
})

test('addresses misbehave as their names say', async () => {
  await using sandbox = await open({ greylisting: 0 })
  const cases: [string, RegExp][] = [
    ['someone', /^250 2\.0\.0 OK/],
    ['defer-me', /^451 4\.3\.0/],
    ['Defer-Me+again', /^451 4\.3\.0/],
    ['bounce-me', /^550 5\.1\.1 <bounce-me@x\.example>/],
    ['full', /^552 5\.2\.2/],
    ['full-for-now', /^452 4\.2\.2/],
    ['blocked', /^550 5\.7\.1 Client host \[127\.0\.0\.1\] blocked/],
    ['busy', /^421 4\.3\.2/],
    ['defer-data', /^451/],
    ['defer-content', /^451 4\.7\.1/],
    ['reject-content', /^554 5\.6\.0/],
    ['silent-drop', /^250/],
    ['many-lines', /^550-5\.7\.1 This reply\|550-5\.7\.1 has three lines,\|550 5\.7\.1 each with a code$/],
    ['rate-limited', /^450-4\.2\.1 /],
    ['gmail-rate', /^421-4\.7\.28 \[127\.0\.0\.1\] /],
    ['yahoo-tss04', /^421 4\.7\.0 \[TSS04\] Messages from \[127\.0\.0\.1\]/],
    ['docomo-unknown', /^550 Unknown user$/],
    ['docomo-filtered', /^550 Unknown user$/],
    ['au-unknown', /^550 <au-unknown@x\.example>: User unknown$/],
    ['softbank-unknown', /^550 Invalid recipient: <softbank-unknown@x\.example>$/],
    ['reset', /^(?:reset|closed)$/],
    ['drop-in-data', /^(?:reset|closed)$/],
    ['drop-after-dot', /^(?:reset|closed)$/],
    ['au-reset', /^(?:reset|closed)$/],
    ['constructor', /^250/],
    ['defer-99999', /^250/],
  ]
  for (const [local, expected] of cases) {
    using client = await Client.ready(sandbox.smtpPort)
    assert.match(await client.send(`${local}@x.example`), expected, local)
  }
  assert.deepEqual(
    sandbox.received().map(({ envelope }) => envelope.to[0]?.to.local),
    ['someone', 'constructor', 'defer-99999'],
  )
  const refused = sandbox.all().filter(({ reply }) => reply?.startsWith('2') !== true)
  assert.deepEqual(
    refused.map(({ envelope, reply = 'dropped' }) => `${envelope.to[0]?.to.local} ${reply.slice(0, 9)}`),
    [
      'defer-content 451 4.7.1',
      'reject-content 554 5.6.0',
      'gmail-rate 421-4.7.2',
      'docomo-filtered 550 Unkno',
      'drop-after-dot dropped',
    ],
  )
  assert.equal(sandbox.accepted, 4, 'silent-drop was answered with 250')
})

test('defer-N is taken after N tries, and the next message is put off again', async () => {
  await using sandbox = await open()
  using client = await Client.ready(sandbox.smtpPort)
  const said: string[] = []
  for (let index = 0; index < 5; index++) said.push((await client.send('defer-2@x.example')).slice(0, 3))
  assert.deepEqual(said, ['451', '451', '250', '451', '451'])
  assert.match(await client.send('defer-0@x.example'), /^250/)
  assert.match(await client.send('defer-2@other.example'), /^451/)
})

test('greylist is taken once its time has passed', async () => {
  let now = NOW
  await using sandbox = await open({ greylisting: 3_000, now: () => now })
  using client = await Client.ready(sandbox.smtpPort)
  assert.match(await client.send('greylist@x.example'), /^450 4\.2\.0 <greylist@x\.example>/)
  now += 2_999
  assert.match(await client.send('greylist@x.example'), /^450/)
  now += 1
  assert.match(await client.send('greylist@x.example'), /^250/)
})

test('tarpit answers late, and in order', async () => {
  await using sandbox = await open({ slowness: 20 })
  using client = await Client.ready(sandbox.smtpPort)
  client.write('MAIL FROM:<>\r\nRCPT TO:<tarpit@x.example>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n')
  const started = performance.now()
  const replies: string[] = []
  for (let index = 0; index < 5; index++) replies.push((await client.reply()).slice(0, 3))
  assert.deepEqual(replies, ['250', '250', '354', '250', '221'])
  // Three replies at least came 20 ms late each; a timer may be a millisecond early.
  assert.ok(performance.now() - started >= 3 * 19)
})

function plain(login: string): string {
  return Buffer.from(`\0${login}\0secret`).toString('base64')
}

test('every login is right but those that begin with wrong', async () => {
  await using sandbox = await open()
  using client = await Client.ready(sandbox.smtpPort)
  const replies = await client.talk(
    `AUTH PLAIN ${plain('wrong-one')}`,
    'AUTH PLAIN',
    plain('wrong'),
    'AUTH LOGIN',
    '*',
    'AUTH PLAIN AA==',
    'AUTH X-OTHER',
    'AUTH LOGIN',
    Buffer.from('relay').toString('base64'),
    Buffer.from('secret').toString('base64'),
    `AUTH PLAIN ${plain('again')}`,
  )
  assert.deepEqual(
    replies.map((said) => said.slice(0, 3)),
    ['535', '334', '535', '334', '501', '501', '504', '334', '334', '235', '503'],
  )
  await client.send('a@x.example')
  assert.equal(sandbox.received()[0]?.login, 'relay')
})

test('STARTTLS begins a new session, and what was sent ahead ends it', async () => {
  const pem = selfSigned('mx.sandbox.test', NOW)
  await using sandbox = await open({ tls: { cert: pem, key: pem } })
  using client = await Client.to(sandbox.smtpPort)
  await client.reply()
  assert.match(await client.say('EHLO me'), /STARTTLS/)
  await client.say('MAIL FROM:<a@b.example>')
  assert.match(await client.say('STARTTLS'), /^220/)
  await client.upgrade()
  assert.match(await client.say('RCPT TO:<a@x.example>'), /^503/)
  assert.doesNotMatch(await client.say('EHLO me'), /STARTTLS/)
  assert.match(await client.send('a@x.example'), /^250/)
  assert.equal(sandbox.received()[0]?.tls?.protocol, 'TLSv1.3')
  assert.match(await client.send('reset@x.example'), /^(?:reset|closed)$/)
  using injector = await Client.ready(sandbox.smtpPort)
  injector.write('STARTTLS\r\nRSET\r\nMAIL FROM:<a@b.example>\r\n')
  assert.match(await injector.reply(), /^503/)
  assert.equal(await injector.reply(), 'closed')
})

test('each persona greets and offers as its name says', async () => {
  const pem = selfSigned('mx.sandbox.test', NOW)
  await using sandbox = await open({ tls: { cert: pem, key: pem } })
  using dns = new Resolver({
    config: {
      servers: [`127.0.0.1:${sandbox.dnsPort}`],
      timeout: 5_000,
      attempts: 1,
      cacheEntries: 100,
      minimumTtl: 1,
      maximumTtl: 9,
    },
    now: () => 0,
  })
  const ehlo = async (label: string): Promise<string> => {
    const host = await dns.query(`${label}.sandbox.test`, 'A')
    assert.ok(host.kind === 'records', label)
    using client = await Client.to(sandbox.smtpPort, host.records[0])
    const greeting = await client.reply()
    return greeting.startsWith('220') ? await client.say('EHLO me') : greeting
  }
  assert.match(await ehlo('mx'), /STARTTLS/)
  assert.match(await ehlo('mx'), /8BITMIME\|250-SMTPUTF8/)
  assert.doesNotMatch(await ehlo('no-tls'), /STARTTLS/)
  assert.doesNotMatch(await ehlo('no-smtputf8'), /SMTPUTF8/)
  assert.doesNotMatch(await ehlo('no-8bit'), /8BITMIME|CHUNKING|SMTPUTF8/)
  assert.match(await ehlo('no-ehlo'), /^502/)
  assert.match(await ehlo('busy-at-connect'), /^421/)
  assert.match(await ehlo('no-service'), /^554/)
  assert.match(await ehlo('drop-at-connect'), /^(?:reset|closed)$/)
  await assert.rejects(ehlo('closed'), { code: 'ECONNREFUSED' })
  const broken = await dns.query('broken-tls.sandbox.test', 'A')
  assert.ok(broken.kind === 'records')
  using client = await Client.ready(sandbox.smtpPort, broken.records[0])
  assert.match(await client.say('STARTTLS'), /^220/)
  await assert.rejects(client.upgrade(), { code: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE' })
})

test('every domain leads here, except those that ask for trouble', async () => {
  await using sandbox = await open()
  const resolver = (timeout: number) =>
    new Resolver({
      config: {
        servers: [`127.0.0.1:${sandbox.dnsPort}`],
        timeout,
        attempts: 1,
        cacheEntries: 100,
        minimumTtl: 1,
        maximumTtl: 9,
      },
      now: () => 0,
    })
  // Patience is short only for the name that gets no answer: any other may take as long as the machine does.
  using patient = resolver(5_000)
  using brief = resolver(50)
  const routingBy = (dns: Resolver) =>
    createRouting({
      dns,
      routes: [],
      defaults: { port: sandbox.smtpPort, tls: 'opportunistic', allowPrivate: true },
      ownNames: [],
      ownAddresses: [],
      cacheEntries: 10,
      now: () => 0,
      random: () => 0,
    })
  const routing = routingBy(patient)
  const cases = {
    'anything.example': 'mx.sandbox.test',
    'no-tls.example': 'no-tls.sandbox.test',
    'deep.silent.example.com': 'silent.sandbox.test',
    'no-mx.example': 'no-mx.example',
    'backup-mx.example': 'closed.sandbox.test,mx.sandbox.test',
    'nxdomain.example': '5.1.2',
    'servfail.example': '4.4.3',
    'nullmx.example': '5.1.10',
    'no-host.example': 'no-host.sandbox.test',
  }
  for (const [domain, expected] of Object.entries(cases)) {
    const routed = await routing.route(domain, 'default')
    assert.equal(routed.ok ? routed.route.site : routed.enhanced, expected, domain)
  }
  const unanswered = await routingBy(brief).route('dns-timeout.example', 'default')
  assert.equal(unanswered.ok ? unanswered.route.site : unanswered.enhanced, '4.4.3')
  const host = { name: 'mx.sandbox.test', port: sandbox.smtpPort, implicitTls: false }
  const found = await routing.addresses(host, true)
  assert.ok(found.ok && found.addresses.includes('127.0.0.1'))
  assert.equal((await routing.addresses({ ...host, name: 'no-host.sandbox.test' }, true)).ok, false)
})

test('the oldest messages go when there are too many, or too much', async () => {
  await using sandbox = await open({ keep: { messages: 3, bytes: 100 } })
  using client = await Client.ready(sandbox.smtpPort)
  for (const local of ['a', 'b', 'c', 'd']) await client.send(`${local}@x.example`)
  const kept = (): string =>
    sandbox
      .received()
      .map(({ envelope }) => envelope.to[0]?.to.local)
      .join('')
  assert.equal(kept(), 'bcd')
  await client.send('e@x.example', `${'x'.repeat(60)}\r\n`)
  assert.equal(kept(), 'de')
  await client.send('f@x.example', `${'x'.repeat(200)}\r\n`)
  assert.equal(kept(), '')
  assert.equal(sandbox.accepted, 6)
})

test('a sink keeps nothing and counts all', async () => {
  await using sandbox = await open({ keep: { messages: 0, bytes: 0 } })
  using client = await Client.ready(sandbox.smtpPort)
  await client.send('a@x.example')
  await client.send('b@x.example')
  await sandbox.waitFor(2)
  assert.deepEqual(sandbox.all(), [])
  sandbox.clear()
  assert.equal(sandbox.accepted, 0)
})

test('a wait ends by message, by signal and by the end of the sandbox', async () => {
  const sandbox = await open()
  using client = await Client.ready(sandbox.smtpPort)
  const waiting = sandbox.waitFor(1)
  await client.send('a@x.example')
  await waiting
  await assert.rejects(sandbox.waitFor(2, AbortSignal.abort(new Error('enough'))), /enough/)
  const controller = new AbortController()
  const signalled = sandbox.waitFor(2, controller.signal)
  controller.abort(new Error('enough'))
  await assert.rejects(signalled, /enough/)
  const closed = sandbox.waitFor(2)
  await Promise.all([assert.rejects(closed, /closed/), sandbox[Symbol.asyncDispose]()])
})
