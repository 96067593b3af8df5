import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Dialogue } from './dialogue.ts'
import { UNTRACED } from './tracer.ts'
import type { TraceSubject } from './tracer.ts'
import { Traces } from './traces.ts'
import { BUFFERED, KEPT_IN_ALL, LINE } from './watch.ts'
import type { TraceFilter, TraceRecord } from './watch.ts'

const CLIENT: TraceSubject = { way: 'in', peer: '192.0.2.7', by: 'submission' }
const HOST: TraceSubject = { way: 'out', peer: '192.0.2.25', by: 'default → mx1.example.com' }

function following(filter: TraceFilter = {}) {
  const traces = new Traces(() => 1_000)
  const follower = traces.follow(filter)
  assert.ok(follower !== undefined)
  const lines = async (): Promise<readonly string[]> =>
    (await traces.take(follower)).map(({ session, who, line }) => `${session} ${who} ${line}`)
  return { traces, follower, lines, session: (subject = CLIENT) => new Dialogue(traces, () => subject) }
}

test('both sides of a session are told, with whose it is', async () => {
  const { traces, follower, session } = following()
  const dialogue = session()
  dialogue.reply({ code: 220, lines: ['ready'] })
  dialogue.commands('EHLO a\r\nNOOP\r\n')
  dialogue.reply({ code: 250, enhanced: '2.1.0', lines: ['one', 'two'] })
  dialogue.content(1)
  dialogue.event('TLSv1.3')
  const records = await traces.take(follower)
  const whose = { ...CLIENT, time: 1_000, session: 1 }
  assert.deepEqual(records, [
    { ...whose, who: 'S', line: '220 ready' },
    { ...whose, who: 'C', line: 'EHLO a' },
    { ...whose, who: 'C', line: 'NOOP' },
    { ...whose, who: 'S', line: '250-2.1.0 one' },
    { ...whose, who: 'S', line: '250 2.1.0 two' },
    { ...whose, who: 'C', line: '(1 octet of content)' },
    { ...whose, who: '*', line: 'TLSv1.3' },
  ] satisfies TraceRecord[])
})

const COMMANDS: readonly (readonly [line: string, shown: string])[] = [
  ['AUTH PLAIN AGEAc2VjcmV0', 'AUTH PLAIN (credentials)'],
  ['auth plain AGEAc2VjcmV0 more', 'AUTH plain (credentials)'],
  ['AUTH  PLAIN\tAGEAc2VjcmV0', 'AUTH PLAIN (credentials)'],
  [' AUTH LOGIN c2VjcmV0', 'AUTH LOGIN (credentials)'],
  ['AUTH SCRAM-SHA-256', 'AUTH SCRAM-SHA-256'],
  ['AUTH', 'AUTH'],
  ['AUTH c2VjcmV0', 'AUTH (credentials)'],
  ['AUTH=PLAIN c2VjcmV0', 'AUTH (credentials)'],
  ['AUTHPLAIN c2VjcmV0', 'AUTH (credentials)'],
  ['MAIL FROM:<a@example.org> AUTH=<>', 'MAIL FROM:<a@example.org> AUTH=<>'],
]

for (const [line, shown] of COMMANDS) {
  test(`${JSON.stringify(line)} is shown as ${shown}`, async () => {
    const { lines, session } = following()
    session().commands(line)
    assert.deepEqual(await lines(), [`1 C ${shown}`])
  })
}

test('challenges, their answers, and credentials that come where none were asked for are not shown', async () => {
  const { lines, session } = following()
  const dialogue = session()
  dialogue.commands('AUTH LOGIN')
  dialogue.reply({ code: 334, lines: ['VXNlcm5hbWU6'] })
  dialogue.secret()
  dialogue.reply({ code: 504, lines: ['no'] })
  dialogue.commands('c2VjcmV0')
  dialogue.commands('c2VjcmV0')
  dialogue.commands('NOOP')
  dialogue.commands('WHAT')
  assert.deepEqual(await lines(), [
    '1 C AUTH LOGIN',
    '1 S 334 (challenge)',
    '1 C (credentials)',
    '1 S 504 no',
    '1 C (credentials)',
    '1 C (credentials)',
    '1 C NOOP',
    '1 C WHAT',
  ])
})

test('sessions are chosen by direction and by the address of the other side', async () => {
  const { lines, session } = following({ way: 'out', peer: (address) => address === '192.0.2.25' })
  session().commands('EHLO in')
  session({ ...HOST, peer: '192.0.2.26' }).commands('EHLO elsewhere')
  session(HOST).commands('EHLO out')
  assert.deepEqual(await lines(), ['3 C EHLO out'])
})

/** A session with two transactions, of which the second is about example.com and message m2. */
function twoTransactions(dialogue: Dialogue): void {
  dialogue.commands('EHLO a')
  dialogue.turn({})
  dialogue.commands('MAIL 1')
  dialogue.learn({ domains: ['example.net'] })
  dialogue.learn({ messages: ['m1'] })
  dialogue.commands('END 1')
  dialogue.turn({})
  dialogue.commands('MAIL 2')
  dialogue.learn({ domains: ['example.com', 'example.org'] })
  dialogue.commands('RCPT 2')
  dialogue.learn({ messages: ['m2'] })
  dialogue.commands('END 2')
}

const CHOSEN: readonly (readonly [filter: TraceFilter, lines: readonly string[]])[] = [
  [{ domain: 'example.com' }, ['EHLO a', 'MAIL 2', 'RCPT 2', 'END 2']],
  [{ domain: 'example.net' }, ['EHLO a', 'MAIL 1', 'END 1']],
  [{ message: 'm2' }, ['EHLO a', 'MAIL 2', 'RCPT 2', 'END 2']],
  [{ message: 'm2', domain: 'example.org' }, ['EHLO a', 'MAIL 2', 'RCPT 2', 'END 2']],
  [{ message: 'm1', domain: 'example.org' }, []],
  [{}, ['EHLO a', 'MAIL 1', 'END 1', 'MAIL 2', 'RCPT 2', 'END 2']],
]

for (const [filter, expected] of CHOSEN) {
  test(`of two transactions ${JSON.stringify(filter)} chooses ${expected.join(', ') || 'none'}`, async () => {
    const { lines, session } = following(filter)
    twoTransactions(session())
    // Something of another session ends the wait where nothing was chosen.
    const marker = session()
    marker.turn({ domains: [filter.domain ?? ''], messages: [filter.message ?? ''] })
    marker.commands('MARKER')
    const said = (await lines()).map((line) => line.slice('1 C '.length))
    assert.deepEqual(said, [...expected, 'MARKER'])
  })
}

test('a slow reader loses lines, which are counted, and a line is cut', async () => {
  const { traces, follower, session } = following()
  const dialogue = session()
  for (let i = 0; i < BUFFERED + 7; i += 1) dialogue.event(`${i}`)
  assert.equal((await traces.take(follower)).length, BUFFERED)
  dialogue.event('x'.repeat(LINE + 1))
  const [record] = await traces.take(follower)
  assert.deepEqual([record?.lost, record?.line.length], [7, LINE])
})

test('what may still be chosen is bounded, of one session and of all together', async () => {
  const { lines, session } = following({ message: 'm' })
  const long = session()
  for (let i = 0; i < 1_000; i += 1) long.event(`${i}`)
  long.turn({ messages: ['m'] })
  const kept = await lines()
  assert.deepEqual([kept.length, kept.at(-1)], [200, '1 * 999'])
  const many = Array.from({ length: KEPT_IN_ALL + 10 }, () => session())
  for (const one of many) one.event('greeting')
  many.at(-1)?.turn({ messages: ['m'] })
  many.at(0)?.turn({ messages: ['m'] })
  assert.deepEqual(await lines(), ['2 * greeting'])
  for (const one of many) one.end()
  const after = session()
  after.event('room again')
  after.turn({ messages: ['m'] })
  assert.equal((await lines()).length, 1)
})

test('while nobody follows, a session is not even asked whose it is', () => {
  const traces = new Traces(() => 0)
  for (const tracer of [traces, UNTRACED]) {
    const dialogue = new Dialogue(tracer, () => assert.fail('asked'))
    dialogue.commands('EHLO a')
    dialogue.reply({ code: 250, lines: ['ok'] })
    dialogue.turn({})
    dialogue.learn({})
    dialogue.secret()
    dialogue.content(1)
    dialogue.event('x')
    dialogue.end()
    assert.equal(dialogue.isFollowed, false)
  }
})

test('who begins to follow sees sessions that were there before, from then on', async () => {
  const traces = new Traces(() => 0)
  const dialogue = new Dialogue(traces, () => CLIENT)
  dialogue.commands('EHLO a')
  const follower = traces.follow({}) ?? 0
  dialogue.commands('NOOP')
  assert.deepEqual(
    (await traces.take(follower)).map(({ line }) => line),
    ['NOOP'],
  )
})

test('a reader waits until something is said, and for nothing once the trace has ended', async () => {
  const { traces, follower, session } = following()
  const waiting = traces.take(follower)
  session().event('said')
  assert.equal((await waiting).length, 1)
  const last = traces.take(follower)
  traces.unfollow(follower)
  assert.deepEqual(await last, [])
  assert.deepEqual(await traces.take(follower), [])
  assert.equal(traces.isActive, false)
})

test('several follow at a time, each for itself, and not too many', async () => {
  const traces = new Traces(() => 0)
  const followers = Array.from({ length: 9 }, () => traces.follow({}))
  assert.equal(followers.at(-1), undefined)
  traces.unfollow(followers[0] ?? 0)
  assert.ok(traces.isActive)
  new Dialogue(traces, () => CLIENT).event('said')
  assert.equal((await traces.take(followers[1] ?? 0)).length, 1)
  assert.equal((await traces.take(followers[2] ?? 0)).length, 1)
  const last = traces.take(followers[1] ?? 0)
  traces.close()
  assert.deepEqual(await last, [])
})
