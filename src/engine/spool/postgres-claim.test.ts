import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { QueryArrayResult } from 'pg'

import { claims } from './postgres-claim.ts'
import type { Statement } from './postgres-transaction.ts'
import { SpoolError } from './spool.ts'

test('what a lost answer leaves in doubt is given back before anything else is claimed', async () => {
  const heard: string[] = []
  let isLost = true
  const keys = [
    [7, 0],
    [8, 1],
  ]
  const run = async ({ name = 'unclaim', values }: Statement): Promise<readonly QueryArrayResult[]> => {
    heard.push(name === 'due' ? name : `${name} ${JSON.stringify(values)}`)
    if (name === 'claim' && isLost) throw new SpoolError('unreachable', 'the answer did not come')
    return [{ rows: name === 'due' ? keys : [] } as unknown as QueryArrayResult]
  }
  const { claim } = claims(run, 1)
  await assert.rejects(claim('transactional/example.com', 0, 10), { code: 'unreachable' })
  isLost = false
  await claim('transactional/example.net', 0, 10)
  await claim('transactional/example.net', 0, 10)
  const both = '[[7,8],[0,1]]'
  assert.deepEqual(heard, [
    'due',
    `claim ${both}`,
    `unclaim ${both}`,
    'due',
    `claim ${both}`,
    'due',
    `claim ${both}`,
  ])
})
