/** The checks an operator asks for, beside a running node and without one, and a rotation of keys under mail. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import type { DomainView } from '#product/domain'
import type { Finding } from '#product/verification'

import { DOMAIN, Rig } from './rig.ts'

// One after the other: the node is stopped.
suite('doctor', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start()
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function doctor(...args: readonly string[]): Promise<ReadonlyMap<string, Finding>> {
    const { code, out, err } = await rig.cliRun('--json', 'doctor', ...args)
    assert.equal(code, 1, `${out}${err}`)
    const { findings } = JSON.parse(out) as { findings: readonly Finding[] }
    return new Map(findings.map((finding) => [finding.check, finding]))
  }

  test('new keys sign when they are activated, without a restart', async () => {
    const signed = async (to: string): Promise<readonly string[]> => {
      const content = `From: <alice@${DOMAIN}>\r\n\r\nx\r\n`
      await rig.submit({ from: `alice@${DOMAIN}`, to, content })
      const { raw } = await rig.delivered(to)
      const text = raw.toString('latin1')
      return [...text.matchAll(/^\s*(?:DKIM-Signature:)?.*?\bs=([a-z0-9-]+);/gm)].map(
        ([, selector = '']) => selector,
      )
    }
    const old = rig.domain.keys.map(({ selector }) => selector).toSorted()
    const begun = await rig.cli<DomainView>('dkim', 'rotate', DOMAIN)
    const fresh = begun.keys.filter(({ state }) => state === 'published').map(({ selector }) => selector)
    assert.deepEqual((await signed('before@example.com')).toSorted(), old)
    const refused = await rig.cliRun('dkim', 'rotate', DOMAIN, '--activate')
    assert.equal(refused.code, 1)
    for (const selector of fresh)
      assert.match(refused.err, new RegExp(`^  ${selector}: not in the DNS yet`, 'm'))
    await rig.cli('dkim', 'rotate', DOMAIN, '--activate', '--force')
    // The directory remembers for a second.
    const soon = async (n = 0): Promise<readonly string[]> => {
      const selectors = (await signed(`after-${n}@example.com`)).toSorted()
      return selectors.join() === old.join() && n < 1_000 ? soon(n + 1) : selectors
    }
    assert.deepEqual(await soon(), fresh.toSorted())
  })

  test('a domain whose records nobody has published has problems, each with what to publish', async () => {
    const { code, out } = await rig.cliRun('domain', 'verify', DOMAIN)
    assert.equal(code, 1)
    assert.match(out, /^problem {2}dkim/m)
    assert.match(out, /publish: _dmarc\.example\.org\. 3600 IN TXT "v=DMARC1; p=none"/)
  })

  test('beside a running node its ports are ours, and a mail host is greeted', async () => {
    const found = await doctor('--probe', 'example.com')
    const level = (check: string): unknown => found.get(check)?.level
    assert.equal(level('configuration'), 'ok')
    assert.equal(level('node'), 'ok')
    assert.equal(level('outbound'), 'ok', found.get('outbound')?.text ?? '')
    for (const name of ['submission', 'submissions', 'trusted']) assert.equal(level(`listener ${name}`), 'ok')
    assert.equal(level(`domain ${DOMAIN}`), 'problem')
  })

  test('without a node the stores are opened, the ports tried, and no lock is left behind', async () => {
    await rig.node.stop()
    const found = await doctor()
    assert.equal(found.get('node')?.text, 'no node runs')
    assert.equal(found.get('listener trusted')?.text, '127.0.0.1:0 is free')
    assert.equal(found.get('outbound')?.level, 'skipped')
    assert.equal(found.get(`domain ${DOMAIN}`)?.level, 'problem')
    await rig.run()
  })
})
