/** The rules that come with Hikyaku: each says where it is known from, each can match, and none takes what is another's. */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'

import type { RuleFile } from './read.ts'
import { firstMatch } from './match.ts'
import { parseSample } from './reply.ts'
import { providerOf, resolve } from './resolve.ts'
import { readRules } from './ruleset.ts'
import type { Base } from './resolve.ts'
import type { Ruleset } from './section.ts'

const BASE: Base = new Map()
const files: readonly RuleFile[] = globSync(join(import.meta.dirname, '../../../shaping/*.toml')).map(
  (path) => ({
    name: `shaping/${basename(path)}`,
    text: readFileSync(path, 'utf8'),
    by: 'product',
  }),
)

function shipped(): Ruleset {
  const read = readRules(files, ['default'])
  if (!read.ok) assert.fail(read.problems.join('\n'))
  assert.deepEqual(read.warnings, [])
  return read.rules
}

test('the rules that come with Hikyaku are good', () => {
  assert.ok(files.length > 5)
  shipped()
})

test('every layer and every reaction says where it is known from, or that it is a guess', () => {
  const without: string[] = []
  for (const { label, entries, reactions } of shipped().layers.values()) {
    if (!isFounded(entries.get('basis')?.value)) without.push(label)
    for (const [name, reaction] of reactions)
      if (!isFounded(reaction.get('basis')?.value)) without.push(`${label}: ${name}`)
  }
  assert.deepEqual(without, [])
})

function isFounded(basis: unknown): boolean {
  if (!Array.isArray(basis) || basis.length === 0) return false
  return basis.every(
    (one: unknown) => one === 'guess' || (typeof one === 'string' && /^https?:\/\/\S+$/.test(one)),
  )
}

// That each sample is taken by its own reaction, and by no other first, is checked whenever rules are read.
test('every reaction can match: it has a sample', () => {
  const all = [...shipped().layers.values()].flatMap(({ compiled }) => compiled)
  assert.ok(all.length > 40)
  assert.deepEqual(
    all.filter(({ samples }) => samples.length === 0).map(({ id }) => id),
    [],
  )
})

const MX: readonly (readonly [domain: string, hosts: readonly string[], provider: string | undefined])[] = [
  ['gmail.com', ['gmail-smtp-in.l.google.com', 'alt1.gmail-smtp-in.l.google.com'], 'google'],
  ['company.example', ['aspmx.l.google.com', 'alt2.aspmx.l.google.com', 'aspmx2.googlemail.com'], 'google'],
  ['company.example', ['aspmx.l.google.com', 'mx.company.example'], undefined],
  ['outlook.com', ['outlook-com.olc.protection.outlook.com'], 'outlook'],
  ['hotmail.com', ['hotmail-com.olc.protection.outlook.com'], 'outlook'],
  ['company.example', ['company-example.mail.protection.outlook.com'], 'microsoft-365'],
  ['company.example', ['company-example.a-v1.mx.microsoft'], 'microsoft-365'],
  ['yahoo.com', ['mta5.am0.yahoodns.net', 'mta6.am0.yahoodns.net', 'mta7.am0.yahoodns.net'], 'yahoo'],
  ['yahoo.co.jp', ['mx1.mail.yahoo.co.jp', 'mx2.mail.yahoo.co.jp'], 'yahoo-japan'],
  ['icloud.com', ['mx01.mail.icloud.com', 'mx02.mail.icloud.com'], 'icloud'],
  ['docomo.ne.jp', ['mfsmax.docomo.ne.jp'], 'docomo'],
  ['ezweb.ne.jp', ['lsean.ezweb.ne.jp'], 'au'],
  ['au.com', ['msmx.au.com'], 'au'],
  ['t3.ezweb.ne.jp', ['mx.elsewhere.example'], 'au'],
  ['softbank.ne.jp', ['mx.elsewhere.example'], 'softbank'],
  ['i.softbank.jp', ['mx.elsewhere.example'], 'softbank'],
  ['t.vodafone.ne.jp', ['mx.elsewhere.example'], 'softbank'],
  ['rakuten.jp', ['mx.elsewhere.example'], 'rakuten'],
  ['jcom.home.ne.jp', ['mx.elsewhere.example'], 'jcom'],
  ['comcast.net', ['mx1.comcast.net', 'mx2.comcast.net'], 'comcast'],
  ['orange.fr', ['smtp-in.orange.fr'], 'orange-france'],
  ['gmx.net', ['mx00.gmx.net', 'mx01.gmx.net'], 'united-internet'],
  ['web.de', ['mx-ha02.web.de', 'mx-ha03.web.de'], 'united-internet'],
  ['qq.com', ['mx1.qq.com', 'mx2.qq.com', 'mx3.qq.com'], 'qq'],
  ['163.com', ['163mx01.mxmail.netease.com', '163mx02.mxmail.netease.com'], 'netease'],
  ['mail.ru', ['mxs.mail.ru'], 'mail-ru'],
  ['company.example', ['mxa-00000001.gslb.pphosted.com', 'mxb-00000001.gslb.pphosted.com'], 'proofpoint'],
  ['company.example', ['eu-smtp-inbound-1.mimecast.com'], 'mimecast'],
  ['company.example', ['d1.a.ess.barracudanetworks.com'], 'barracuda'],
  ['company.example', ['mx1.hc1.iphmx.com'], 'cisco-cloud'],
  ['company.example', ['mx.company.example'], undefined],
]

for (const [domain, hosts, provider] of MX) {
  test(`mail for ${domain} by ${hosts.join(', ')} is for ${provider ?? 'no provider'}`, () => {
    assert.equal(providerOf(shipped(), { domain, hosts }), provider)
  })
}

/** Replies that are about one recipient or one message, and must set nothing off anywhere. */
const ORDINARY = [
  'RCPT: 550 5.1.1 User unknown',
  'RCPT: 550 Unknown user a@docomo.ne.jp',
  'RCPT: 550 <a@ezweb.ne.jp>: User unknown',
  'RCPT: 550 Invalid recipient: <a@softbank.ne.jp>',
  "RCPT: 554 delivery error: dd This user doesn't have a yahoo.co.jp account (a@yahoo.co.jp) [0]",
  'RCPT: 452 4.2.2 Mailbox full',
  'RCPT: 451 4.7.1 Greylisting in action, please come back later',
  'RCPT: 450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time.',
  'end of data: 552 5.3.4 Message too big',
  'end of data: 554 5.7.1 Message contains a virus',
  'end of data: 550 5.7.26 This mail has been blocked because the sender is unauthenticated.',
] as const

test('what is said of one recipient or one message sets nothing off, at any provider', () => {
  const rules = shipped()
  const wrong: string[] = []
  for (const provider of [undefined, ...rules.providers.map(({ name }) => name)]) {
    const where = { source: 'default', site: 'mx.example', ...(provider === undefined ? {} : { provider }) }
    const { reactions } = resolve(rules, BASE, where)
    for (const sample of ORDINARY) {
      const said = parseSample(sample, 'RCPT')
      assert(said)
      const found = firstMatch(reactions, said)
      if (found !== undefined && found.act.do !== 'none') wrong.push(`${found.id}: ${sample}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('the numbers that are published or asked for hold', () => {
  const rules = shipped()
  const limits = (provider: string): ReturnType<typeof resolve>['limits'] =>
    resolve(rules, BASE, { source: 'default', site: 'x', provider }).limits
  assert.equal(limits('docomo').recipientsPerConnection, 100)
  for (const carrier of ['au', 'softbank', 'docomo'])
    assert.equal(limits(carrier).recipientsPerTransaction, 100)
  assert.equal(limits('yahoo-japan').shared.connections, 2)
  assert.equal(limits('yahoo-japan').messagesPerConnection, 20)
  assert.equal(limits('yahoo-japan').shared.messagesPerSecond, 10)
  assert.deepEqual([limits('google').shared.connections, limits('google').messagesPerConnection], [5, 50])
  assert.equal(limits('google').tls, 'required')
  assert.deepEqual([limits('outlook').shared.connections, limits('outlook').messagesPerConnection], [5, 50])
  assert.deepEqual([limits('icloud').shared.connections, limits('icloud').messagesPerConnection], [10, 5])
  assert.equal(limits('icloud').connectionsPerMinute, 100)
})
