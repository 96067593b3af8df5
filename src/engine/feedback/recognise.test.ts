import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ownAddress } from '#engine/queue'
import type { MessageId } from '#engine/spool'

import { quotedDelivery, recognise } from './recognise.ts'

const secret = Buffer.from('a secret of the node')
const key = { message: '0ab3xk9m2pq' as MessageId, n: 3 }
const own = { names: new Set(['bounce.example.org', 'mx.example.org']), secret }

function at(local: string, domain = 'bounce.example.org'): string {
  return recognise({ local, domain }, own).at
}

test('each address of ours is known for what it is for, however it is spelled', () => {
  for (const purpose of ['return-path', 'complaint', 'unsubscribe'] as const) {
    const { local } = ownAddress({ purpose, key }, 'bounce.example.org', secret)
    const found = recognise({ local: local.toUpperCase(), domain: 'Bounce.Example.ORG' }, own)
    assert.deepEqual(found, { at: 'delivery', purpose, key })
  }
  assert.deepEqual([at('FBL'), at('complaints', 'mx.example.org')], ['complaints', 'complaints'])
})

test('forged, unknown and never made are the same to strangers; other domains are not ours', () => {
  const { local } = ownAddress({ purpose: 'return-path', key }, '', secret)
  const forged = local.replace('-3-', '-4-')
  assert.deepEqual([at(forged), at('shop'), at('unsubscribe')], ['nobody', 'nobody', 'nobody'])
  assert.equal(at(local, 'example.org'), 'elsewhere')
})

test('there is a postmaster at each of our names, and somebody for abuse. RFC 5321 §4.5.1', () => {
  for (const local of ['postmaster', 'Postmaster', 'ABUSE'])
    assert.deepEqual([at(local), at(local, 'MX.example.org')], ['postmaster', 'postmaster'])
  assert.equal(at('postmaster', 'example.net'), 'elsewhere')
})

test('the delivery of a complaint is found by any address of ours that it quotes, and by no forged one', () => {
  const real = ownAddress({ purpose: 'return-path', key }, 'x', secret).local
  const forged = real.replace('-3-', '-4-')
  const quoted = (text: string): unknown => quotedDelivery(Buffer.from(text), secret)?.key
  assert.deepEqual(
    quoted(`Original-Mail-From: <${forged}@b.example>\r\nReturn-Path: <${real}@b.example>`),
    key,
  )
  const unsubscribe = ownAddress({ purpose: 'unsubscribe', key }, 'x', secret).local
  assert.deepEqual(quoted(`List-Unsubscribe: <mailto:${unsubscribe}@b.example>`), key)
  assert.equal(quoted(`Return-Path: <${forged}@b.example>`), undefined)
  assert.equal(quoted('Return-Path: <shop@example.org>'), undefined)
  // As many as an attacker likes, and no more work than for fifty.
  assert.equal(quoted(`${`<${forged}@b.example> `.repeat(50)}<${real}@b.example>`), undefined)
})
