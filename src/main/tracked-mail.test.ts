import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Message } from '#engine/spool'
import { loadConfig } from '#platform/config'
import type { Config } from '#platform/config'

import { marketingStreams } from './offered.ts'
import { trackingOf } from './tracked-mail.ts'

const ON = '[tracking]\nenabled = true\nurl = "https://click.example.net"\n'
const URL = 'https://click.example.net'
const FROM = { local: 'shop', domain: 'example.com' }

function configOf(toml: string): Config {
  const loaded = loadConfig({ path: 'x', env: {}, readFile: () => toml, hostname: 'mx.example.com' })
  assert(loaded.ok, loaded.ok ? '' : loaded.problems.join('\n'))
  return loaded.config
}

function problems(toml: string): readonly string[] {
  const loaded = loadConfig({ path: 'x', env: {}, readFile: () => toml, hostname: 'mx.example.com' })
  return loaded.ok ? loaded.warnings : loaded.problems
}

function asked(toml: string, message: Partial<Message> = {}): unknown {
  return trackingOf(configOf(toml), { from: FROM, door: 'api', stream: 'news', ...message })
}

test('what is tracked is said by the stream, and otherwise by the message', () => {
  const stream = `${ON}[streams.news]\ntrack_opens = true\n`
  assert.equal(asked(ON), undefined)
  assert.deepEqual(asked(stream), { opens: true, clicks: false, url: URL })
  assert.deepEqual(asked(stream, { tracking: { clicks: true } }), { opens: true, clicks: true, url: URL })
  assert.equal(asked(stream, { tracking: { opens: false } }), undefined)
  assert.deepEqual(asked(ON, { tracking: { opens: true } }), { opens: true, clicks: false, url: URL })
})

test('a stream that is unsubscribed from on a page has something of its own for each recipient', () => {
  assert.deepEqual(asked(ON, { stream: 'marketing' }), { opens: false, clicks: false, url: URL })
  assert.equal(
    asked(`${ON}[streams.marketing]\nlist_unsubscribe = "mail"`, { stream: 'marketing' }),
    undefined,
  )
})

test('nothing is tracked where nobody answers, nor what nobody asked for', () => {
  const stream = '[streams.news]\ntrack_opens = true\n'
  assert.equal(asked(stream), undefined)
  assert.equal(asked(ON + stream, { from: null }), undefined)
  for (const door of ['platform', 'mx']) assert.equal(asked(ON + stream, { door }), undefined)
})

test('links have the name that belongs to the author', () => {
  const rows = '[[tracking_domains]]\ndomain = "*.example.com"\nurl = "https://click.example.com"\n'
  const of = (headerFrom: string): unknown =>
    (asked(`${ON}[streams.news]\ntrack_opens = true\n${rows}`, { headerFrom }) as { url: string }).url
  assert.equal(of('a@mail.example.com'), 'https://click.example.com')
  assert.equal(of('a@MAIL.EXAMPLE.COM'), 'https://click.example.com')
  assert.equal(of('a@example.com'), URL)
})

test('newsletters are the streams of that kind, and those that one may unsubscribe from', () => {
  assert.deepEqual(marketingStreams(configOf(ON)), ['marketing'])
  const more = `${ON}[streams.news]\nlist_unsubscribe = "one-click"\n[streams.receipts]\n`
  const silent = '[streams.offers]\nkind = "marketing"\nlist_unsubscribe = "none"\n'
  assert.deepEqual(marketingStreams(configOf(more + silent)), ['news', 'offers', 'marketing'])
})

test('the configuration is told where it leads nowhere', () => {
  assert.match(problems('[tracking]\nenabled = true').join(), /tracking\.url: must say/)
  assert.match(problems('[streams.news]\ntrack_clicks = true').join(), /streams\.news: nothing is tracked/)
  assert.match(
    problems('[tracking]\nenabled = true\nurl = "http://click.example.net"').join(),
    /is not HTTPS/,
  )
  assert.match(problems(`${ON}port = 8088`).join(), /listens on/)
})
