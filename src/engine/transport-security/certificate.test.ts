import assert from 'node:assert/strict'
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'

import type { Tlsa } from '#platform/dns'
import { issue } from '#platform/tls'
import type { Issued } from '#platform/tls'

import { matchDane } from './certificate.ts'
import type { Shown } from './certificate.ts'

const NOW = Date.UTC(2026, 10, 22)
const DAY = 86_400_000
const span = { from: NOW - DAY, until: NOW + DAY }
const root = issue({ name: 'Root', isAuthority: true, ...span })
const middle = issue({ name: 'Middle', isAuthority: true, by: root, ...span })
const host = issue({ name: 'mx.example', by: middle, ...span })
const stranger = issue({ name: 'Stranger', isAuthority: true, ...span })

function tlsa(usage: number, selector: number, matchingType: number, of: Issued): Tlsa {
  const spki = createPublicKey(of.privateKey).export({ type: 'spki', format: 'der' })
  const whole = selector === 0 ? of.certificate : spki
  const digest = ['', 'sha256', 'sha512'][matchingType] ?? ''
  return {
    usage,
    selector,
    matchingType,
    data: digest === '' ? whole : createHash(digest).update(whole).digest(),
  }
}

function judged(records: readonly Tlsa[], shown: readonly Issued[], more: Partial<Shown> = {}): string {
  const chain = shown.map(({ certificate }) => new X509Certificate(certificate))
  const matched = matchDane({ chain, records, names: ['mx.example'], now: NOW, ...more })
  return matched.ok ? matched.by : matched.fault
}

const FORMS = [0, 1].flatMap((selector) => [0, 1, 2].map((matching) => [selector, matching] as const))

test('DANE-EE binds the key or the certificate of the host, by itself or by digest. RFC 6698 §2.1', () => {
  for (const [selector, matching] of FORMS) {
    assert.equal(judged([tlsa(3, selector, matching, host)], [host]), `TLSA 3 ${selector} ${matching}`)
    assert.equal(judged([tlsa(3, selector, matching, stranger)], [host]), 'tlsa-invalid')
    assert.equal(judged([tlsa(3, selector, matching, middle)], [host, middle]), 'tlsa-invalid')
  }
})

test('DANE-EE asks neither for a name nor for a date. RFC 7672 §3.1.1', () => {
  const other = issue({ name: 'other.example', from: NOW - 9 * DAY, until: NOW - 8 * DAY })
  assert.equal(judged([tlsa(3, 1, 1, other)], [other]), 'TLSA 3 1 1')
})

test('one record that matches is enough', () => {
  assert.equal(
    judged([tlsa(3, 1, 1, stranger), tlsa(2, 0, 1, stranger), tlsa(3, 0, 1, host)], [host]),
    'TLSA 3 0 1',
  )
})

test('DANE-TA binds an authority in the chain that the host shows. RFC 7672 §3.1.2', () => {
  for (const [selector, matching] of FORMS) {
    const by = `TLSA 2 ${selector} ${matching}`
    assert.equal(judged([tlsa(2, selector, matching, root)], [host, middle, root]), by)
    assert.equal(judged([tlsa(2, selector, matching, middle)], [host, middle]), by)
    assert.equal(judged([tlsa(2, selector, matching, stranger)], [host, middle, root]), 'tlsa-invalid')
  }
})

test('an authority that the record holds whole need not be shown. RFC 7671 §5.2.1', () => {
  assert.equal(judged([tlsa(2, 0, 0, root)], [host, middle]), 'TLSA 2 0 0')
  assert.equal(judged([tlsa(2, 1, 0, root)], [host, middle]), 'TLSA 2 1 0')
  assert.equal(judged([tlsa(2, 0, 1, root)], [host, middle]), 'tlsa-invalid')
  assert.equal(judged([tlsa(2, 1, 0, stranger)], [host, middle]), 'tlsa-invalid')
})

test('under DANE-TA name, dates and every signature of the chain count', () => {
  const authority = [tlsa(2, 0, 1, root)]
  assert.equal(
    judged(authority, [host, middle, root], { names: ['else.example'] }),
    'certificate-host-mismatch',
  )
  assert.equal(
    judged(authority, [host, middle, root], { names: ['else.example', 'mx.example'] }),
    'TLSA 2 0 1',
  )
  assert.equal(judged(authority, [host, middle, root], { now: NOW + 2 * DAY }), 'certificate-expired')
  assert.equal(judged(authority, [host, middle, root], { now: NOW - 2 * DAY }), 'certificate-expired')
  assert.equal(judged(authority, [host, stranger, root]), 'certificate-not-trusted')
  const notAuthority = issue({ name: 'Middle', by: root, ...span })
  const below = issue({ name: 'mx.example', by: notAuthority, ...span })
  assert.equal(judged(authority, [below, notAuthority, root]), 'certificate-not-trusted')
})

test('a host that shows nothing, or records that hold nonsense, match nothing and throw nothing', () => {
  assert.equal(judged([tlsa(3, 1, 1, host)], []), 'tlsa-invalid')
  const nonsense = { usage: 2, selector: 0, matchingType: 0, data: Buffer.from('nonsense') }
  assert.equal(judged([nonsense, { ...nonsense, selector: 1 }], [host]), 'tlsa-invalid')
})
