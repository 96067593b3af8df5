import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { QueryArrayResult } from 'pg'

import { claims } from './postgres-claim.ts'
import type { Statement } from './postgres-commit.ts'
import { SpoolError } from './spool.ts'

test('what a lost answer leaves in doubt is given back before anything else is claimed', async () => {
  const heard: string[] = []
  let isLost = true
  const run = async ({ text, values }: Statement): Promise<readonly QueryArrayResult[]> => {
    const verb = text.startsWith('with') ? 'look' : text.includes(`state = 'active'\n`) ? 'claim' : 'unclaim'
    heard.push(`${verb} ${verb === 'look' ? '' : JSON.stringify(values)}`.trim())
    if (verb === 'claim' && isLost) throw new SpoolError('unreachable', 'the answer did not come')
    const rows =
      verb === 'look'
        ? [
            [7, 0],
            [8, 1],
          ]
        : []
    return [{ rows } as unknown as QueryArrayResult]
  }
  const { claim } = claims(run, 1)
  await assert.rejects(claim('transactional/example.com', 0, 10), { code: 'unreachable' })
  isLost = false
  await claim('transactional/example.net', 0, 10)
  await claim('transactional/example.net', 0, 10)
  const both = '[[7,8],[0,1]]'
  assert.deepEqual(heard, [
    'look',
    `claim ${both}`,
    `unclaim ${both}`,
    'look',
    `claim ${both}`,
    'look',
    `claim ${both}`,
  ])
})
