/** STARTTLS, implicit TLS and AUTH against a real TLS server. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseMechanism, resume, scramVerifier, start, step } from '#grammar/sasl'
import { selfSigned } from '#platform/tls'

import { Rig, routeOf } from './rig.fixture.ts'
import type { RigOptions } from './rig.fixture.ts'
import { ScriptedServer } from './scripted-server.fixture.ts'
import type { Client, Script } from './scripted-server.fixture.ts'
import { breaking, serve, startsTls, stripped } from './tls-scripts.fixture.ts'

const NOW = Date.now()
const GOOD = selfSigned('mx1.example.net', NOW)
const OTHER = selfSigned('elsewhere.example.net', NOW)
const EXPIRED = selfSigned('mx1.example.net', NOW - 11 * 365 * 86_400_000)

async function outcomeOf(script: Script, options: Partial<RigOptions> = {}): Promise<string> {
  await using server = await ScriptedServer.start(script)
  await using rig = new Rig({ ports: [server.port], ...options })
  const failure = rig.work.nextFailure().then(({ attempt }) => attempt)
  const tried = await Promise.race([rig.send().then(([one]) => one), failure])
  return `${tried?.outcome} ${tried?.stage} [${tried?.tls}] ${tried?.text}`
}

const required: Partial<RigOptions> = { route: { tls: 'required' } }
const verify: Partial<RigOptions> = { route: { tls: 'verified' } }

test('TLS is taken where it is offered, whoever signed the certificate. RFC 7435 §4', async () => {
  for (const pem of [GOOD, OTHER, EXPIRED]) {
    assert.match(
      await outcomeOf(startsTls(pem)),
      /^delivered end of data \[TLSv1\.3 TLS_[A-Z0-9_]+\] queued$/,
    )
  }
})

test('with `required` any certificate will do, with `verify` only a trusted one for the host’s name', async () => {
  assert.match(await outcomeOf(startsTls(OTHER), required), /^delivered .*\[TLSv1\.3 TLS_[A-Z0-9_]+\]/)
  assert.match(await outcomeOf(startsTls(GOOD), { ...verify, tls: { ca: GOOD } }), /^delivered .* verified\]/)
  assert.match(await outcomeOf(startsTls(GOOD), verify), /^deferred tls .*does not verify/)
  assert.match(
    await outcomeOf(startsTls(OTHER), { ...verify, tls: { ca: OTHER } }),
    /^deferred tls .*does not verify/,
  )
  assert.match(
    await outcomeOf(startsTls(EXPIRED), { ...verify, tls: { ca: EXPIRED } }),
    /^deferred tls .*EXPIRED/,
  )
})

test('STARTTLS that was stripped defers where TLS is required', async () => {
  assert.equal(
    await outcomeOf(stripped, required),
    'deferred tls [] mx1.example.net does not offer STARTTLS, and TLS is required',
  )
})

test('STARTTLS refused goes on in clear if it may', async () => {
  assert.equal(await outcomeOf(refusing), 'delivered end of data [] queued')
  assert.equal(await outcomeOf(refusing, required), 'deferred tls [] no certificate today')
})

test('octets behind the 220 to STARTTLS end the connection. RFC 3207 §6', async () => {
  for (const injected of ['250-PIPELINING\r\n', '250', '250 mx\r\n250 OK\r\n']) {
    const injecting: Script = async (client) => {
      client.say('220 mx')
      await client.expect('EHLO')
      client.say('250-mx', '250 STARTTLS')
      await client.expect('STARTTLS')
      client.raw(`220 go ahead\r\n${injected}`)
      await client.gone
    }
    assert.match(await outcomeOf(injecting), /^deferred tls \[\] replies out of step/)
  }
})

test('what was offered in clear is forgotten under TLS. RFC 3207 §4.2', async () => {
  assert.match(await outcomeOf(forgetful), /^bounced RCPT \[TLSv1\.3/)
})

test('a handshake that breaks is tried once and then remembered: the host is spoken to in clear', async () => {
  await using server = await ScriptedServer.start(breaking, clear)
  await using rig = new Rig({ ports: [server.port], config: { messagesPerConnection: 1 } })
  for (const _ of [1, 2]) {
    const [tried] = await rig.send()
    assert.equal(`${tried?.outcome} [${tried?.tls}]`, 'delivered []')
  }
  assert.equal(server.accepted, 3)
})

test('a handshake that breaks or stalls defers where TLS is required', async () => {
  const options = { ...required, config: { timeouts: { tls: 40 } } }
  assert.match(await outcomeOf(stalling, options), /^deferred tls \[\] no TLS handshake within/)
})

test('TLS before the greeting, and each mechanism under it', async () => {
  for (const offered of ['PLAIN LOGIN SCRAM-SHA-256', 'LOGIN PLAIN', 'LOGIN']) {
    const script: Script = async (client) => {
      client.secure(GOOD, GOOD)
      client.say('220 smart.example.net')
      await client.expect('EHLO')
      client.say('250-smart', `250 AUTH ${offered}`)
      assert.equal(await authenticated(client), `user secret`)
      client.say('235 2.7.0 welcome')
      await serve(client)
    }
    await using server = await ScriptedServer.start(script)
    const [host] = routeOf([server.port]).hosts
    const route = {
      hosts: [{ ...host!, implicitTls: true }],
      tls: 'verified',
      auth: { user: 'user', password: 'secret' },
    } as const
    await using rig = new Rig({ ports: [], route, tls: { ca: GOOD } })
    const [tried] = await rig.send()
    assert.match(`${tried?.outcome} ${tried?.tls}`, /^delivered TLSv1\.3 .* verified$/)
  }
})

test('credentials are never sent in clear, not even to a host whose TLS is broken', async () => {
  const route = { tls: 'opportunistic', auth: { user: 'user', password: 'secret' } } as const
  assert.match(await outcomeOf(inClear, { route }), /^deferred tls \[\] .*TLS is required$/)
  assert.match(
    await outcomeOf(inClear, { route: { ...route, tls: 'none' } }),
    /^deferred AUTH \[\] credentials are not sent without TLS/,
  )
})

test('a wrong password defers, and so does a server that cannot prove that it knows it', async () => {
  const route = { tls: 'required', auth: { user: 'user', password: 'wrong' } } as const
  const refused = asksForAuth('PLAIN', async (client) => client.say('535 5.7.8 no'))
  assert.match(await outcomeOf(refused, { route }), /^deferred AUTH \[TLS.*\] no$/)
  const impostor = asksForAuth('SCRAM-SHA-256', async (client) => client.say('235 come in'))
  assert.match(
    await outcomeOf(impostor, { route }),
    /^deferred AUTH .*did not show that it knows the password/,
  )
  const asking = asksForAuth('LOGIN', async (client) => {
    for (let n = 0; n < 5; n += 1) {
      client.say('334 VXNlcm5hbWU6')
      await client.line()
    }
    client.say('500 what?')
  })
  assert.match(await outcomeOf(asking, { route }), /^deferred AUTH/)
  assert.match(
    await outcomeOf(
      asksForAuth('GSSAPI', async (client) => await client.gone),
      { route },
    ),
    /no mechanism in common; offered: GSSAPI/,
  )
})

test('REQUIRETLS needs a verified certificate and a peer that offers it. RFC 8689 §4.2.1', async () => {
  assert.equal(await outcomeOfRequireTls('REQUIRETLS', GOOD), 'delivered 2.0.0 end of data')
  assert.equal(await outcomeOfRequireTls('X-OTHER', GOOD), 'bounced 5.7.30 EHLO')
  assert.equal(await outcomeOfRequireTls('REQUIRETLS'), 'deferred 4.7.30 tls')
  assert.equal(await outcomeOfRequireTls('REQUIRETLS', GOOD, null), 'deferred 4.7.30 tls')
})

test('REQUIRETLS is said to the peer that offers it', async () => {
  let mail = ''
  await using server = await ScriptedServer.start(async (client) => {
    client.say('220 mx')
    await client.expect('EHLO')
    client.say('250-mx', '250 STARTTLS')
    await client.expect('STARTTLS')
    client.say('220 go ahead')
    client.secure(GOOD, GOOD)
    await client.expect('EHLO')
    client.say('250-mx', '250 REQUIRETLS')
    mail = await client.line()
    client.say('450 later')
    await client.gone
  })
  await using rig = new Rig({ ports: [server.port], tls: { ca: GOOD } })
  await rig.send({ message: { requireTls: true } })
  assert.equal(mail, 'MAIL FROM:<sender@example.org> REQUIRETLS')
})

const refusing: Script = async (client) => {
  client.say('220 mx')
  await client.expect('EHLO')
  client.say('250-mx', '250 STARTTLS')
  await client.expect('STARTTLS')
  client.say('454 4.7.0 no certificate today')
  await serve(client)
}

const clear: Script = async (client) => {
  client.say('220 mx')
  await client.expect('EHLO')
  client.say('250-mx', '250 STARTTLS')
  await serve(client)
}

const stalling: Script = async (client) => {
  client.say('220 mx')
  await client.expect('EHLO')
  client.say('250-mx', '250 STARTTLS')
  await client.expect('STARTTLS')
  client.raw('220 go ahead\r\n')
  await client.gone
}

const inClear: Script = async (client) => {
  client.say('220 mx')
  await client.expect('EHLO')
  client.say('250-mx', '250 AUTH PLAIN')
  await client.expect('QUIT')
}

const forgetful: Script = async (client) => {
  client.say('220 mx')
  await client.expect('EHLO')
  client.say('250-mx', '250-PIPELINING', '250-DSN', '250 STARTTLS')
  await client.expect('STARTTLS')
  client.say('220 go ahead')
  client.secure(GOOD, GOOD)
  await client.expect('EHLO')
  client.say('250 mx')
  await client.expect('MAIL FROM:<sender@example.org>')
  await new Promise((resolve) => setImmediate(resolve))
  client.say('250 OK')
  assert.equal(await client.line(), 'RCPT TO:<one@example.com>')
  client.say('550 no')
  await client.gone
}

/** Offers `mechanism` under TLS; `answer` is what comes after AUTH. */
function asksForAuth(mechanism: string, answer: (client: Client) => Promise<void>): Script {
  return async (client) => {
    client.say('220 mx')
    await client.expect('EHLO')
    client.say('250-mx', '250 STARTTLS')
    await client.expect('STARTTLS')
    client.say('220 go')
    client.secure(GOOD, GOOD)
    await client.expect('EHLO')
    client.say('250-mx', `250 AUTH ${mechanism}`)
    await client.expect('AUTH')
    await answer(client)
    await client.gone
  }
}

async function outcomeOfRequireTls(offer: string, ca?: string, vouchedBy?: null): Promise<string> {
  await using server = await ScriptedServer.start(startsTls(GOOD, offer))
  await using rig = new Rig({ ports: [server.port], ...(ca === undefined ? {} : { tls: { ca } }) })
  const [tried] = await rig.send({
    message: { requireTls: true },
    ...(vouchedBy === null ? { vouchedBy } : {}),
  })
  return `${tried?.outcome} ${tried?.enhanced} ${tried?.stage}`
}

/** Plays the server's part of AUTH; the login and the password that the client showed, or proved, to know. */
async function authenticated(client: Client): Promise<string> {
  const [, word = '', initial] = (await client.expect('AUTH ')).split(' ')
  const mechanism = parseMechanism(word)
  assert.ok(mechanism !== undefined)
  let said = start(mechanism, 'nonce-of-the-server-itself', initial)
  for (;;) {
    if (said.at === 'lookup') said = resume(said.first, scramVerifier('secret', Buffer.alloc(16), 4096))
    else if (said.at === 'challenge') {
      client.say(`334 ${said.text}`)
      said = step(said.state, await client.line())
    } else if (said.at === 'check') return `${said.login} ${said.password}`
    else if (said.at === 'proved') return `${said.login} secret`
    else throw new Error(said.why)
  }
}
