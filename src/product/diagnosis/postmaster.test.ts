import assert from 'node:assert/strict'
import { test } from 'node:test'

import { loadConfig } from '#platform/config'
import type { KeptMail } from '#product/postmaster'

import { checkPostmaster } from './postmaster.ts'

const MX = '[listeners.mx]\nkind = "mx"\n'
const MAIL: KeptMail = {
  id: '0ab3xk9m2pq',
  receivedAt: Date.UTC(2026, 10, 22),
  client: '192.0.2.9',
  sender: '<>',
  recipient: 'postmaster@mx.example.com',
  author: '',
  subject: '',
  size: 1,
}

async function said(toml: string, kept: readonly KeptMail[] = []): Promise<readonly string[]> {
  const loaded = loadConfig({ path: 'x', env: {}, readFile: () => toml, hostname: 'mx.example.com' })
  assert(loaded.ok)
  const findings = await checkPostmaster({ postmasterMails: async () => kept }, loaded.config)
  return findings.map(({ level, text }) => `${level}: ${text}`)
}

test('where strangers bring no mail, nothing is said of a postmaster', async () => {
  assert.deepEqual(await said(''), [])
})

test('while nobody is named to read it, that is a warning, with what has come', async () => {
  const warning = 'warning: mail for postmaster@ and abuse@ is kept here, and nobody is told of it;'
  assert.deepEqual(await said(MX), [`${warning} none has come`])
  assert.deepEqual(await said(MX, [MAIL]), [`${warning} the newest came at 2026-11-22T00:00:00.000Z`])
})

test('who is named elsewhere reads it', async () => {
  const good = ['ok: mail for it goes to ops@example.net']
  assert.deepEqual(await said(`${MX}[incoming]\npostmaster = ["ops@example.net"]`), good)
  assert.deepEqual(await said(`${MX}[queue]\npostmaster = "ops@example.net"`), good)
})
