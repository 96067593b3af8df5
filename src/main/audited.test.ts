import assert from 'node:assert/strict'
import { test } from 'node:test'

import { memoryLog } from '#platform/log'
import type { Audit, NewEntry } from '#product/audit'
import { OPERATION_NAMES } from '#product/operation'
import type { Operations } from '#product/operation'

import { auditedOperations } from './audited.ts'

type Implemented = { readonly [K in keyof Operations]?: () => Promise<unknown> }

/** Operations that answer nothing, but for those given; and what the audit log was told. */
function audited(implemented: Implemented, fails = false) {
  const told: NewEntry[] = []
  const log = memoryLog()
  const audit: Audit = {
    async record(entry) {
      if (fails) throw new Error('away')
      told.push(entry)
    },
    list: async () => [],
    tidy: async () => 0,
  }
  const others = OPERATION_NAMES.map((name) => [name, async () => ({})] as const)
  const all = { ...Object.fromEntries(others), ...implemented } as unknown as Operations
  return { operations: auditedOperations(all, { audit, log }), told, log }
}

test('what an operator changes is told with its organization and its name; what he reads is not', async () => {
  const key = { id: 'k3xw90ab2c', organization: 'acme' }
  const { operations, told } = audited({ apiKeyRevoke: async () => key })
  await operations.apiKeys()
  await operations.apiKeyRevoke({ id: key.id })
  assert.deepEqual(told, [
    {
      organization: 'acme',
      actor: 'operator',
      address: 'local',
      action: 'api-key.revoke',
      subject: key.id,
      after: { id: key.id },
    },
  ])
})

test('an organization is found where the request or the answer has it', async () => {
  const { operations, told } = audited({})
  const rows = [
    { organization: 'globex', stream: '*', address: 'a@example.com', reason: 'manual', evidence: '' },
  ]
  await operations.suppressionAdd({ rows: rows as Parameters<Operations['suppressionAdd']>[0]['rows'] })
  await operations.change({ filter: { organization: 'acme' }, change: 'hold', reason: 'x' })
  await operations.reload()
  assert.deepEqual(
    told.map(({ organization, action }) => [organization, action]),
    [
      ['globex', 'suppression.add'],
      ['acme', 'change'],
      ['', 'reload'],
    ],
  )
})

test('what fails or finds nothing changes nothing', async () => {
  const { operations, told } = audited({
    apiKeyRevoke: async () => null,
    domainAdd: () => Promise.reject(new Error('taken')),
  })
  assert.equal(await operations.apiKeyRevoke({ id: 'x' }), null)
  await assert.rejects(operations.domainAdd({ name: 'example.org', organization: 'acme' }), /taken/)
  assert.deepEqual(told, [])
})

test('a change whose entry cannot be written is in the log', async () => {
  const { operations, log } = audited({}, true)
  await operations.dkimRotate({ name: 'example.org' })
  assert.deepEqual(
    log.lines.map(({ event }) => event),
    ['audit.failed'],
  )
})
