import assert from 'node:assert/strict'
import { test } from 'node:test'

import { GUARD_ENTRIES, LoginGuard } from './guard.ts'

const limits = { authFailuresPerAddress: 5, authFailuresPerLogin: 3, authWindow: 900_000 }

function guarded(): { guard: LoginGuard; pass(milliseconds: number): void } {
  let now = 0
  const guard = new LoginGuard(limits, () => now)
  return { guard, pass: (milliseconds) => void (now += milliseconds) }
}

test('a login is refused after its failures from anywhere, an address after its failures with any login', () => {
  const { guard } = guarded()
  for (const address of ['a', 'b', 'c']) assert.equal(guard.admit(address, 'alice'), 'admitted')
  assert.equal(guard.admit('d', 'alice'), 'login')
  for (let i = 0; i < 5; i += 1) assert.equal(guard.admit('e', `login${i}`), 'admitted')
  assert.equal(guard.admit('e', 'another'), 'address')
  assert.equal(guard.admit('f', 'another'), 'admitted')
})

test('guesses at once are counted before any of them is answered', () => {
  const { guard } = guarded()
  const admitted = Array.from({ length: 100 }, () => guard.admit('a', 'alice')).filter(
    (a) => a === 'admitted',
  )
  assert.equal(admitted.length, 3)
})

test('a success takes its count back', () => {
  const { guard } = guarded()
  for (let i = 0; i < 100; i += 1) {
    assert.equal(guard.admit('a', 'alice'), 'admitted')
    guard.succeeded('a', 'alice')
  }
})

test('who guesses at a login does not lock its owner out of where it was right before', () => {
  const { guard } = guarded()
  guard.admit('home', 'alice')
  guard.succeeded('home', 'alice')
  for (let i = 0; i < 10; i += 1) guard.admit(`elsewhere${i}`, 'alice')
  assert.equal(guard.admit('elsewhere', 'alice'), 'login')
  assert.equal(guard.admit('home', 'alice'), 'admitted')
})

test('counts decay, and what was refused is heard again', () => {
  const clock = guarded()
  const { guard } = clock
  for (let i = 0; i < 3; i += 1) guard.admit('a', 'alice')
  assert.equal(guard.admit('a', 'alice'), 'login')
  clock.pass(300_001)
  assert.equal(guard.admit('a', 'alice'), 'admitted')
  assert.equal(guard.admit('a', 'alice'), 'login')
})

test('each wrong password is answered later than the one before, up to a limit', () => {
  const { guard } = guarded()
  const delays = Array.from({ length: 5 }, (_, i) => {
    guard.admit('a', `login${i}`)
    return guard.delay('a', `login${i}`)
  })
  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 8000])
})

test('a login that exists and one that does not are treated alike', () => {
  const { guard } = guarded()
  const course = (login: string, address: string): unknown[] =>
    Array.from({ length: 5 }, () => [guard.admit(address, login), guard.delay(address, login)])
  assert.deepEqual(course('alice', 'a'), course('nobody', 'b'))
})

test('names without end cost bounded memory', () => {
  const { guard } = guarded()
  for (let i = 0; i < GUARD_ENTRIES + 100; i += 1) {
    guard.admit(`address${i}`, `login${i}`)
    guard.succeeded(`address${i}`, `login${i}`)
  }
  assert.ok(guard.size <= 3 * GUARD_ENTRIES)
})
