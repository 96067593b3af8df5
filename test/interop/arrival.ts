/** What must be true of every message that comes out, whoever put it in. */

import assert from 'node:assert/strict'

import type { Received } from '#door/sandbox'

import { dkimVerdicts, mailOf } from '../scenario/mail.ts'
import { NODE_NAME } from '../scenario/rig.ts'
import type { Rig } from '../scenario/rig.ts'

/** How the client came in, as the trace says it. RFC 3848 §2 */
export type Protocol = 'SMTP' | 'ESMTP' | 'ESMTPS' | 'ESMTPSA' | 'UTF8SMTPSA'

/**
 * It arrived signed by both keys, with a trace of one hop before what was `sent`, and what was sent came octet by
 * octet, header section and all.
 */
export async function arrivedAsSent(
  rig: Rig,
  to: string,
  sent: Buffer,
  protocol: Protocol = 'ESMTPSA',
): Promise<Received> {
  const received = await arrivedSigned(rig, to, protocol)
  const { raw } = received
  const tail = raw.subarray(Math.max(0, raw.length - sent.length))
  if (!tail.equals(sent)) assert.equal(raw.toString('latin1'), sent.toString('latin1'))
  const added = raw.subarray(0, raw.length - sent.length).toString('latin1')
  const names = [...added.matchAll(/^([A-Za-z-]+):/gm)].map(([, name]) => name)
  assert.deepEqual(names, ['DKIM-Signature', 'DKIM-Signature', 'Received'])
  return received
}

export async function arrivedSigned(rig: Rig, to: string, protocol: Protocol = 'ESMTPSA'): Promise<Received> {
  const received = await rig.delivered(to)
  assert.equal(rig.received(to).length, 1, 'once')
  assert.deepEqual(await dkimVerdicts(received.raw, rig.domain), ['ed25519-sha256 pass', 'rsa-sha256 pass'])
  const [trace = ''] = mailOf(received.raw).all('Received')
  assert.match(trace, new RegExp(` by ${RegExp.escape(NODE_NAME)} with ${protocol}( \\([^()]+\\))? id `))
  assert.match(received.tls?.protocol ?? 'none', /^TLSv1\.3$/)
  return received
}
