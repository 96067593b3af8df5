/** Reports of receivers about a domain of ours, from the address in its DNS records to the operator's list. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'

import type { DomainView } from '#product/domain'
import type { ReportRow } from '#product/received-report'

import { dmarcXml } from '../../src/grammar/report/dmarc-report.fixture.ts'
import { zipOf } from '../../src/grammar/report/zip.fixture.ts'

import { Client } from './client.ts'
import { DOMAIN, Rig } from './rig.ts'

const BOUNCES = `bounce.${DOMAIN}`

function mail(type: string, file: Uint8Array): string {
  return [
    'From: <dmarc@receiver.example>',
    `Subject: Report Domain: ${DOMAIN} Submitter: receiver.example Report-ID: 1`,
    'MIME-Version: 1.0',
    `Content-Type: ${type}; name="receiver.example!${DOMAIN}!1!2"`,
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(file).toString('base64').replaceAll(/.{76}/g, '$&\r\n'),
    '',
  ].join('\r\n')
}

suite('reports about domains', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start({
      sections: {
        queue: `return_path_domain = "${BOUNCES}"`,
        'listeners.mx': 'address = "127.0.0.1"\nport = 0\nkind = "mx"',
      },
    })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function comes(to: string, content: string): Promise<string> {
    using client = await Client.ready(rig.node.port('mx'))
    return await client.submit({ from: '', to, content })
  }

  test('a report that comes to the address in the DNS record is kept, once, and told in words', async () => {
    const { records } = await rig.cli<DomainView>('domain', 'show', DOMAIN)
    const record = records.find(({ purpose }) => purpose === 'dmarc')
    const [, address = ''] = /rua=mailto:([^;]+)$/.exec(record?.value ?? '') ?? assert.fail(record?.value)
    const zipped = mail('application/zip', zipOf([{ name: 'a.xml', content: Buffer.from(dmarcXml()) }]))
    assert.match(await comes(address, zipped), /^250 2\.0\.0/)
    assert.match(await comes(address, mail('application/gzip', gzipSync(dmarcXml()))), /^250 2\.0\.0/)
    await rig.log.until('report.repeated', { domain: DOMAIN })
    const rows = await rig.cli<readonly ReportRow[]>('domain', 'reports', DOMAIN)
    assert.deepEqual(
      rows.map(({ reporter, good, bad, client }) => [reporter, good, bad, client]),
      [['Example Mail & Co.', 12, 3, '127.0.0.1']],
    )
    const told = await rig.cliRun('domain', 'report', rows[0]?.id ?? '', '--lang', 'en')
    assert.match(
      told.out,
      /^Report of Example Mail & Co\.[^]*12 passed, 3 failed\n {2}192\.0\.2\.1 {2}12 messages/,
    )
  })

  test('reports about domains of others, bombs and letters are refused, and mailed about to nobody', async () => {
    const to = `DMARC-reports@${BOUNCES}`
    const others = gzipSync(dmarcXml().replace(`<domain>${DOMAIN}`, '<domain>example.net'))
    assert.match(
      await comes(to, mail('application/gzip', others)),
      /^550 5\.7\.1 No reports about example\.net/,
    )
    const refused = await rig.log.until('report.refused', { domain: 'example.net' })
    assert.equal(refused['why'], 'not a domain of ours')
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    assert.match(await comes(to, mail('application/gzip', bomb)), /^554 5\.6\.0 .*more than 4194304 octets/)
    const laughs = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><feedback>&b;</feedback>'
    assert.match(await comes(to, mail('text/xml', Buffer.from(laughs))), /^554 5\.6\.0 .*document type/)
    assert.match(await comes(to, 'From: eve@example.net\r\n\r\nBuy!\r\n'), /^554 5\.6\.0/)
    assert.deepEqual(rig.sandbox.received(), [])
  })
})
