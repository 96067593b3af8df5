import assert from 'node:assert/strict'
import { test } from 'node:test'

import { SpoolError } from '#engine/spool'
import type { NewEvent } from '#engine/spool'
import { NO_ORGANIZATION } from '#grammar/event'
import { memoryLog } from '#platform/log'

import { noting } from './noting.ts'
import type { NotingParts } from './noting.ts'

const STEP: NewEvent = { kind: 'warm-up-step', at: 1, organization: NO_ORGANIZATION }
const STATUS: NewEvent = { kind: 'domain-status', at: 1, organization: 'acme' }
const NODE = { name: 'mx.example.org', number: 0, data: 'data' }

function rig(node: NotingParts['config']['node'], failure?: Error) {
  const told: NewEvent[] = []
  const log = memoryLog()
  const append = async (event: NewEvent): Promise<void> => {
    if (failure !== undefined) throw failure
    told.push(event)
  }
  return { note: noting({ config: { node }, spool: { append }, log }), told, log }
}

test('what is of no organization alone is in the log of nobody, or of the one that the operator names', async () => {
  for (const [organization, whose] of [
    [undefined, NO_ORGANIZATION],
    ['operations', 'operations'],
  ] as const) {
    const { note, told } = rig({ ...NODE, ...(organization !== undefined && { organization }) })
    await note(STEP)
    await note(STATUS)
    assert.deepEqual(
      told.map((event) => event.organization),
      [whose, 'acme'],
    )
  }
})

test('an event that cannot be kept fails nobody, and the log of the process says which', async () => {
  const { note, log } = rig(NODE, new SpoolError('full', 'no space'))
  await note(STATUS)
  assert.deepEqual([log.lines[0]?.event, log.lines[0]?.fields['kind']], ['event.lost', 'domain-status'])
})
