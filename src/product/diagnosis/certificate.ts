/** The certificate of the listeners: whether clients will take it, and for how long. */

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'

import type { Config } from '#platform/config'
import type { Finding } from '#product/verification'

import type { Machine } from './machine.ts'

const DAY = 86_400_000

/** Renewal is usually tried a month before the end: with less than this left it does not work. */
const LEFT = 14 * DAY

export async function checkCertificate(machine: Machine, config: Config): Promise<Finding> {
  const { certificate, key } = config.tls
  if (certificate === undefined || key === undefined) return selfSigned(machine, config)
  try {
    const [pem, secret] = await Promise.all([machine.readFile(certificate), machine.readFile(key)])
    if (pem === undefined) return finding('problem', `${certificate} does not exist`)
    if (secret === undefined) return finding('problem', `${key} does not exist`)
    const shown = new X509Certificate(pem)
    if (!shown.checkPrivateKey(createPrivateKey(secret)))
      return finding('problem', `${key} is not the key of ${certificate}`)
    return judge(shown, certificate, config.node.name, machine.now())
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return finding(
      'problem',
      `${certificate} cannot be used: ${why}`,
      'check the files of [tls], and who may read them',
    )
  }
}

async function selfSigned(machine: Machine, { node }: Config): Promise<Finding> {
  const advice = 'for mail programs set tls.certificate and tls.key'
  const path = join(node.data, 'tls', 'self-signed.pem')
  const pem = await machine.readFile(path).catch(() => undefined)
  return pem === undefined
    ? finding('skipped', 'none is configured; the first start makes a self-signed one', advice)
    : finding('warning', `${path} is self-signed: nobody can verify it`, advice)
}

function judge(certificate: X509Certificate, path: string, name: string, now: number): Finding {
  const until = certificate.validToDate.getTime()
  const day = certificate.validToDate.toISOString().slice(0, 10)
  if (until <= now)
    return finding('problem', `${path} has expired on ${day}`, 'renew it; the new one is noticed')
  if (certificate.validFromDate.getTime() > now)
    return finding('problem', `${path} is not valid yet`, 'is the clock right?')
  if (certificate.checkHost(name) === undefined)
    return finding(
      'problem',
      `${path} is not for ${name}`,
      `it is for ${certificate.subjectAltName ?? 'no name'}`,
    )
  if (until - now < LEFT) return finding('warning', `${path} ends on ${day}`, 'is its renewal working?')
  return finding('ok', `${path} is for ${name}, until ${day}`)
}

function finding(level: Finding['level'], text: string, advice?: string): Finding {
  return { level, check: 'certificate', text, ...(advice === undefined ? {} : { advice }) }
}
