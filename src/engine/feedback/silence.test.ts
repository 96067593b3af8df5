/** Whatever a stranger brings to whatever address of ours, nothing is mailed to them, nor to whom they name. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Mailbox } from '#grammar/address'

import { arf, DOMAIN, dsn, rig, UNKNOWN } from './feedback.fixture.ts'
import type { Rig } from './feedback.fixture.ts'

/** Every field by which somebody could be answered. */
const ANSWER_ME = [
  'From: victim@example.net',
  'Sender: victim@example.net',
  'Reply-To: victim@example.net',
  'Return-Path: <victim@example.net>',
  'Errors-To: victim@example.net',
  'Return-Receipt-To: victim@example.net',
  'Disposition-Notification-To: victim@example.net',
  'List-Unsubscribe: <mailto:victim@example.net>',
].join('\n')

const BROUGHT: readonly (readonly [name: string, content: string])[] = [
  ['a bounce', dsn(UNKNOWN)],
  ['a delay', dsn('Final-Recipient: rfc822; aki@example.com\nAction: delayed\nStatus: 4.4.1')],
  ['an arrival', dsn('Final-Recipient: rfc822; aki@example.com\nAction: delivered\nStatus: 2.1.5')],
  ['a complaint', arf('abuse', 'From: shop@example.org')],
  ['an opt-out', arf('opt-out', 'From: shop@example.org')],
  ['somebody who is away', 'Auto-Submitted: auto-replied\nSubject: Away\n\nBack on Monday.\n'],
  [
    'a challenge',
    'Subject: Please confirm your message\n\nClick here to confirm that you are not a robot.\n',
  ],
  ['a wish', 'Subject: unsubscribe\n\n'],
  ['a letter', 'Subject: Hello\n\nPlease answer.\n'],
  ['no header', '\nx\n'],
  ['nothing', ''],
]

const PURPOSES = ['return-path', 'complaint', 'unsubscribe'] as const

function addresses(at: Rig): readonly Mailbox[] {
  const named = ['fbl', 'complaints', 'postmaster', 'abuse', 'dmarc-reports', 'tls-reports', 'nobody']
  return [
    ...PURPOSES.flatMap((purpose) => [at.address(purpose), at.address(purpose, 9)]),
    ...named.map((local) => ({ local, domain: DOMAIN })),
  ]
}

const OPS = { local: 'ops', domain: 'example.net' }

for (const [name, content] of BROUGHT) {
  for (const brings of [null, { local: 'victim', domain: 'example.net' }]) {
    test(`${name} from ${brings === null ? '<>' : 'a stranger'} causes no mail to anybody but our own`, async () => {
      // Our own sender hears of what became of their message, but not when that was from <> itself.
      for (const from of [null, { local: 'shop', domain: 'example.org' }]) {
        const notify = ['success', 'failure', 'delay'] as const
        for (const postmaster of [[], [OPS]]) {
          const at = await rig({ from, notify, brings, options: { postmaster } })
          for (const to of addresses(at)) await at.comes(to, `${ANSWER_ME}\n${content}`)
          const made = await at.made()
          const own = new Set([...(from === null ? [] : ['shop@example.org']), 'ops@example.net'])
          assert(
            made.every(({ to }) => own.has(to)),
            JSON.stringify(made),
          )
          // What is made can cause no mail in turn.
          assert(made.every((one) => one.from === '<>'))
        }
      }
    })
  }
}

test('a bounce does reach our own sender, and a letter the postmaster', async () => {
  const at = await rig({ brings: null, options: { postmaster: [OPS] } })
  await at.comes(at.address('return-path'), dsn(UNKNOWN))
  await at.comes({ local: 'postmaster', domain: DOMAIN }, 'Subject: Hello\n\nx\n')
  assert.deepEqual((await at.made()).map(({ to }) => to).toSorted(), ['ops@example.net', 'shop@example.org'])
})
