/** Which certificate the listeners show. */

import { join } from 'node:path'

import type { Config } from '#platform/config'
import { ensureSelfSigned } from '#platform/tls'

export type CertificateFiles = { readonly certificate: string; readonly key: string }

/** The operator's own, or a self-signed one in the data directory, made when there is none. */
export async function certificateFiles({ tls, node }: Config): Promise<CertificateFiles> {
  const { certificate, key } = tls
  if (certificate !== undefined && key !== undefined) return { certificate, key }
  const both = await ensureSelfSigned(join(node.data, 'tls'), node.name, Date.now)
  return { certificate: both, key: both }
}
