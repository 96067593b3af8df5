/** Rules from files to what holds for a path: layers, overlays, and every mistake at once. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { firstMatch } from './match.ts'
import { domainLayerOf, providerOf, resolve } from './resolve.ts'
import type { Base } from './resolve.ts'
import { readRules } from './ruleset.ts'
import type { RuleFile } from './read.ts'
import type { Ruleset } from './section.ts'

const BASE: Base = new Map([
  ['connections', { value: 10, key: 'egress.connections_per_path' }],
  ['timeouts.connect', { value: 30_000, key: 'egress.timeouts.connect' }],
])

function shipped(text: string, name = 'shaping/a.toml'): RuleFile {
  return { name, text, by: 'product' }
}

function own(text: string, name = '/etc/hikyaku/shaping/own.toml'): RuleFile {
  return { name, text, by: 'operator' }
}

function rulesOf(...files: readonly RuleFile[]): Ruleset {
  const read = readRules(files, ['ip-1', 'ip-2'])
  if (!read.ok) assert.fail(read.problems.join('\n'))
  return read.rules
}

function problemsOf(...files: readonly RuleFile[]): readonly string[] {
  const read = readRules(files, ['ip-1'])
  assert(!read.ok, 'the files are good')
  return read.problems
}

const LAYERED = shipped(`
[default]
connections = 1
[provider.big]
hosts = ["*.big.example"]
connections = 2
[provider.big.source.ip-1]
connections = 3
[site."mx1.big.example,mx2.big.example"]
connections = 4
[domain."shop.example"]
connections = 5
[site."mx1.big.example,mx2.big.example".source.ip-1]
connections = 6
[domain."shop.example".source.ip-1]
connections = 7
`)

const SITE = 'mx1.big.example,mx2.big.example'

test('the particular goes before the general, in the order of the seven layers', () => {
  const rules = rulesOf(LAYERED)
  const at = (where: object): unknown =>
    resolve(rules, BASE, { source: 'ip-2', site: 'other', ...where }).limits.connections
  assert.equal(at({}), 1)
  assert.equal(at({ provider: 'big' }), 2)
  assert.equal(at({ provider: 'big', source: 'ip-1' }), 3)
  assert.equal(at({ provider: 'big', site: SITE }), 4)
  assert.equal(at({ provider: 'big', site: SITE, domain: 'shop.example' }), 5)
  assert.equal(at({ provider: 'big', site: SITE, source: 'ip-1' }), 6)
  assert.equal(at({ provider: 'big', site: SITE, source: 'ip-1', domain: 'shop.example' }), 7)
})

test('limits for everything are not for the hosts of a static route; what names them is', () => {
  const rules = rulesOf(LAYERED)
  const at = (where: object): unknown =>
    resolve(rules, BASE, { source: 'ip-2', site: 'other', static: true, ...where }).limits.connections
  assert.equal(at({}), 10)
  assert.equal(at({ provider: 'big' }), 2)
  assert.equal(at({ site: SITE }), 4)
})

test('each value tells its layer, file and line; what no rule says comes from the configuration', () => {
  const { origins, limits, layers } = resolve(rulesOf(LAYERED), BASE, {
    source: 'ip-1',
    site: SITE,
    provider: 'big',
  })
  assert.deepEqual(origins.get('connections'), {
    layer: `site ${SITE} from ip-1`,
    key: 'connections',
    file: 'shaping/a.toml',
    line: 14,
  })
  assert.deepEqual(origins.get('timeouts.connect'), {
    layer: 'configuration',
    key: 'egress.timeouts.connect',
  })
  assert.equal(limits.timeouts.connect, 30_000)
  assert.deepEqual(layers, [
    'default',
    'provider big',
    'provider big from ip-1',
    `site ${SITE}`,
    `site ${SITE} from ip-1`,
  ])
})

test('the operator overrules key by key at the same layer, and not the layers above it', () => {
  const rules = rulesOf(
    shipped('[provider.big]\nhosts = ["*.big.example"]\nconnections = 2\nmessages_per_connection = 20'),
    own('[default]\nconnections = 99\n[provider.big]\nmessages_per_connection = 7'),
  )
  const { limits } = resolve(rules, BASE, { source: 'ip-1', site: 'x', provider: 'big' })
  assert.equal(limits.connections, 2)
  assert.equal(limits.messagesPerConnection, 7)
})

test('a provider is one whose every MX host matches, or whose domain it is', () => {
  const rules = rulesOf(
    shipped(
      '[provider.big]\nhosts = ["*.big.example", "mx.single.example"]\n[provider.jp]\ndomains = ["carrier.example"]',
    ),
  )
  const of = (hosts: readonly string[], domain?: string): unknown => providerOf(rules, { hosts, domain })
  assert.equal(of(['mx1.big.example', 'mx2.big.example']), 'big')
  assert.equal(of(['mx1.big.example', 'mx.single.example']), 'big')
  assert.equal(of(['mx1.big.example', 'mx.elsewhere.example']), undefined)
  assert.equal(of(['big.example']), undefined)
  assert.equal(of(['notbig.example']), undefined)
  assert.equal(of([]), undefined)
  assert.equal(of(['mx.elsewhere.example'], 'carrier.example'), 'jp')
  assert.equal(of(['mx.elsewhere.example'], 'sub.carrier.example'), undefined)
})

test('of the layers of domains the nearest is meant', () => {
  const rules = rulesOf(
    shipped(
      '[domain."*.example"]\nconnections = 1\n[domain."*.a.example"]\nconnections = 2\n[domain."b.a.example".source.ip-1]\nconnections = 3',
    ),
  )
  assert.equal(domainLayerOf(rules, 'b.a.example'), 'b.a.example')
  assert.equal(domainLayerOf(rules, 'c.a.example'), '*.a.example')
  assert.equal(domainLayerOf(rules, 'a.example'), '*.example')
  assert.equal(domainLayerOf(rules, 'example'), undefined)
})

test('what a product file declares can be switched off by name', () => {
  const files = shipped(`
[provider.big]
hosts = ["*.big.example"]
[provider.big.reactions.busy]
code = [421]
do = "suspend"
for = "1h"
[provider.other]
hosts = ["*.other.example"]
`)
  const rules = rulesOf(
    files,
    own('[provider.big.reactions.busy]\nenabled = false\n[provider.other]\nenabled = false'),
  )
  assert.deepEqual(resolve(rules, BASE, { source: 'ip-1', site: 'x', provider: 'big' }).reactions, [])
  assert.deepEqual(
    rules.providers.map(({ name }) => name),
    ['big'],
  )
  const unknown = problemsOf(
    files,
    own('[provider.big.reactions.bussy]\nenabled = false\n[provider.none]\nenabled = false'),
  )
  assert.equal(unknown.length, 2)
})

test('every mistake is told at once, with file, line and what was meant', () => {
  const problems = problemsOf(
    own(`[default]
conections = 5
messages_per_second = "fast"
[default.timeouts]
conect = "1s"
[provider.empty]
connections = 1
[provider.Bad]
hosts = []
[sites.x]
connections = 1
[default.source.ip-1]
connections = 1
[default.reactions.none]
do = "suspend"
for = "1h"
[default.reactions.never]
failure = ["reset"]
code = [421]
do = "suspend"
for = "1h"
[default.reactions.endless]
code = [421]
do = "suspend"
[default.reactions.idle]
code = ["999"]
do = "dance"
`),
  )
  const text = problems.join('\n')
  for (const words of [
    'own.toml:2: default.conections: there is no such key; did you mean connections?',
    'own.toml:3: default.messages_per_second: expected a whole number',
    'own.toml:5: default.timeouts.conect: there is no such key; did you mean connect?',
    'own.toml:6: provider empty: needs hosts or domains',
    'own.toml:8: provider.Bad: a name is made of',
    'own.toml:10: sites: there is no such key; did you mean site?',
    'own.toml:12: default.source: stands below a provider, a site or a domain',
    'own.toml:14: default: none.stage: is missing',
    'own.toml:18: default: never.failure: can never match',
    'own.toml:22: default: endless.for: is missing',
    'own.toml:26: default.reactions.idle.code: expected a list of codes',
    'own.toml:27: default.reactions.idle.do: expected one of',
  ])
    assert.ok(text.includes(words), `${words}\n--- is not in ---\n${text}`)
})

test('a file that is no TOML tells its line; the others are read all the same', () => {
  const problems = problemsOf(own('[default\n', 'x.toml'), own('[default]\nnone = 1', 'y.toml'))
  assert.equal(problems.length, 2)
  assert.match(problems.join('\n'), /^x\.toml:\d: .*\ny\.toml:2: /)
})

test('two files of one side may not say the same', () => {
  const problems = problemsOf(
    own('[default]\nconnections = 1', 'x.toml'),
    own('[default]\nconnections = 2', 'y.toml'),
  )
  assert.deepEqual(problems, ['y.toml:2: default.connections: is said already at x.toml:2'])
})

test('names of Object.prototype are unknown keys', () => {
  const problems = problemsOf(own('[default]\n__proto__ = 1\nconstructor = 2\n[default.toString]\nx = 1'))
  assert.equal(problems.length, 3)
})

const REACTIONS = shipped(`
[provider.big]
hosts = ["*.big.example"]
[provider.big.reactions.rate]
stage = ["RCPT", "end of data"]
code = ["42x"]
enhanced = ["4.7.*"]
text = ["rate * exceeded"]
do = "suspend"
for = "1h"
[provider.big.reactions.resets]
stage = ["connect", "greeting"]
failure = ["reset"]
times = 3
within = "1m"
do = "suspend"
for = "1h"
[default.reactions.any]
code = ["4xx"]
do = "one-connection"
for = "1h"
`)

test('the first reaction that matches is the one, the most particular layer first', () => {
  const { reactions } = resolve(rulesOf(REACTIONS), BASE, { source: 'ip-1', site: 'x', provider: 'big' })
  const first = (stage: string, code: number, enhanced: string, text: string): string | undefined =>
    firstMatch(reactions, { stage, code, enhanced, text })?.name
  assert.equal(first('RCPT', 421, '4.7.28', 'Your RATE limit was Exceeded today'), 'rate')
  assert.equal(first('RCPT', 421, '4.7.28', 'exceeded rate'), 'any')
  assert.equal(first('MAIL', 421, '4.7.28', 'rate exceeded'), 'any')
  assert.equal(first('RCPT', 431, '4.7.28', 'rate exceeded'), 'any')
  assert.equal(first('RCPT', 421, '4.2.1', 'rate exceeded'), 'any')
  assert.equal(first('RCPT', 550, '5.7.1', 'rate exceeded'), undefined)
  assert.equal(first('greeting', 0, '4.4.2', 'connection lost at stage greeting: read ECONNRESET'), 'resets')
  assert.equal(first('greeting', 0, '4.4.2', 'connection closed by the peer at stage greeting'), undefined)
})

test('a sample that its reaction does not take first, or a counter-sample that it takes, is a mistake', () => {
  const problems = problemsOf(
    own(`[default.reactions.a]
code = [421]
do = "none"
samples = ["450 no"]
[default.reactions.b]
code = [421]
do = "none"
samples = ["RCPT: 421 4.7.0 no"]
[default.reactions.c]
code = [451]
do = "none"
samples = ["hello"]
counter_samples = ["451 4.2.0 full"]
`),
  )
  const text = problems.join('\n')
  assert.match(text, /default: a: its sample does not match it: end of data: 450/)
  assert.match(text, /default: b: its sample is taken by default: a: RCPT: 421 4\.7\.0 no/)
  assert.match(text, /default: c\.samples: is no reply: hello/)
  assert.match(text, /default: c: matches what it must not/)
})

test('a rule for a source that the configuration does not have is warned of', () => {
  const read = readRules(
    [own('[provider.big]\nhosts = ["*.big.example"]\n[provider.big.source.ip-9]\nconnections = 1')],
    ['ip-1'],
  )
  assert(read.ok)
  assert.equal(read.warnings.length, 1)
  assert.match(read.warnings.join(), /no egress source is called ip-9/)
})

test('thousands of stars and pieces cost one walk over the text', () => {
  const text = `text = ["${'a*'.repeat(90)}b"]`
  const rules = rulesOf(own(`[default.reactions.stars]\n${text}\ndo = "none"`))
  const { reactions } = resolve(rules, BASE, { source: 'ip-1', site: 'x' })
  const said = { stage: 'RCPT', code: 421, enhanced: '4.0.0', text: 'a'.repeat(1000) }
  assert.equal(firstMatch(reactions, said), undefined)
  assert.equal(firstMatch(reactions, { ...said, text: `${said.text}b` })?.name, 'stars')
})
