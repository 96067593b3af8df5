import assert from 'node:assert/strict'
import { test } from 'node:test'

import { siteName } from './site.ts'

const many = Array.from({ length: 500 }, (_, index) => `mx${index}.mail.example.com`)

test('a site is its hosts, in any order, once each', () => {
  assert.equal(
    siteName(['mx2.example.com', 'mx1.example.com', 'mx2.example.com']),
    'mx1.example.com,mx2.example.com',
  )
})

test('a long set has a short name that no other set has', () => {
  const site = siteName(many)
  assert.ok(site.length <= 128)
  assert.match(site, /^mx0\.mail\.example\.com,.*,\+49\d#[0-9a-f]{8}$/)
  assert.equal(siteName(many.toReversed()), site)
  assert.notEqual(siteName(many.slice(0, -1)), site)
  assert.notEqual(siteName([...many.slice(0, -1), 'mx500.mail.example.com']), site)
})

test('one name too long to show still makes a site', () => {
  assert.match(siteName([`${'a'.repeat(63)}.${'b'.repeat(63)}.example.com`]), /^\+1#[0-9a-f]{8}$/)
})
