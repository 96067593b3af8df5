/** The examples of the standards: RFC 6376 appendix A and RFC 8463 appendix A share one message. */

import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto'
import { test } from 'node:test'

import { BodyHash } from './body-hash.ts'
import { canonicalFields, fieldsNamed, relaxedValue } from './header.ts'

const HEADER = [
  'From: Joe SixPack <joe@football.example.com>',
  'To: Suzie Q <suzie@shopping.example.net>',
  'Subject: Is dinner ready?',
  'Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)',
  'Message-ID: <20030712040037.46341.5F8J@football.example.com>',
  '',
].join('\r\n')

const BODY = ['Hi.', '', 'We lost the game.  Are you hungry yet?', '', 'Joe.', ''].join('\r\n')

const BODY_HASH = '2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8='

const ED25519 = {
  seed: Buffer.from('nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=', 'base64'),
  field: [
    ' v=1; a=ed25519-sha256; c=relaxed/relaxed;',
    ' d=football.example.com; i=@football.example.com;',
    ' q=dns/txt; s=brisbane; t=1528637909; h=from : to :',
    ' subject : date : message-id : from : subject : date;',
    ` bh=${BODY_HASH};`,
    ' b=',
  ].join('\r\n'),
  signature: '/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==',
}

/** What stands before the 32 octets of an Ed25519 seed. RFC 8410 §7 */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

const RSA = {
  field: ED25519.field
    .replace('ed25519', 'rsa')
    .replace('s=brisbane', 's=test')
    .replace('h=from : to :\r\n subject :', 'h=from : to : subject :\r\n'),
  signature:
    'F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeef' +
    'Osk2JzdA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=',
  publicKey:
    'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91' +
    'y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB',
}

const NAMES = ['from', 'to', 'subject', 'date', 'message-id', 'from', 'subject', 'date']

function signedData(field: string): Buffer {
  const canonical = canonicalFields(fieldsNamed(HEADER, new Set(NAMES)), NAMES)
  return Buffer.from(`${canonical}dkim-signature:${relaxedValue(field)}`, 'latin1')
}

test('the body hash of both signatures. RFC 8463 §A.3', () => {
  const body = new BodyHash()
  body.update(Buffer.from(BODY))
  assert.equal(body.digest(), BODY_HASH)
})

test('the RSA signature verifies over our canonical form. RFC 8463 §A.3', () => {
  const key = createPublicKey({ key: Buffer.from(RSA.publicKey, 'base64'), format: 'der', type: 'spki' })
  assert.ok(verify('sha256', signedData(RSA.field), key, Buffer.from(RSA.signature, 'base64')))
})

test('the Ed25519 key makes the very signature of the standard. RFC 8463 §A.3', () => {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, ED25519.seed]), format: 'der', type: 'pkcs8' })
  const digest = hash('sha256', signedData(ED25519.field), 'buffer')
  assert.equal(sign(null, digest, key).toString('base64'), ED25519.signature)
})
