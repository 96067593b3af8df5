/** Operations that tell the audit log what they changed. */

import type { Log } from '#platform/log'
import { actionOf } from '#product/audit'
import type { Audit } from '#product/audit'
import type { Operations } from '#product/operation'

/** What changes nothing. Whatever is not here is taken for a change: one that is forgotten shows in the audit log. */
const READS: ReadonlySet<string> = new Set<keyof Operations>([
  'status',
  'queues',
  'messages',
  'message',
  'explain',
  'domains',
  'domainShow',
  'domainVerify',
  'credentials',
  'apiKeys',
  'users',
  'audit',
  'suppressions',
  'suppressionShow',
  'domainReports',
  'domainReport',
  'postmasterMails',
  'postmasterMail',
  'tlsReports',
  'tlsReport',
  'tlsPolicies',
  'brokenTls',
  'reputation',
  'rates',
  'sources',
  'experiences',
  'reactions',
  'warmUps',
  'quotas',
  'webhooks',
  'webhookTest',
  'webhookAttempts',
  'events',
  'counts',
  // A message, which the log of events has.
  'send',
])

export type Recorder = { readonly audit: Audit; readonly log: Log | undefined }

/** The same, done by who has this machine. What fails or finds nothing changes nothing. */
export function auditedOperations(operations: Operations, { audit, log }: Recorder): Operations {
  const entries = Object.entries(operations).map(([name, act]) => {
    if (READS.has(name)) return [name, act] as const
    const audited = async (argument: unknown): Promise<unknown> => {
      const result = (await Reflect.apply(act, operations, [argument])) as unknown
      if (result === null) return result
      await recordTo(audit, log, { name, argument, result })
      return result
    }
    return [name, audited] as const
  })
  return Object.fromEntries(entries) as Operations
}

type Done = { readonly name: string; readonly argument: unknown; readonly result: unknown }

async function recordTo(audit: Audit, log: Log | undefined, { name, argument, result }: Done): Promise<void> {
  const organization = found(ORGANIZATION, result) ?? found(ORGANIZATION, argument) ?? ''
  const action = actionOf(name)
  try {
    await audit.record({
      organization,
      actor: 'operator',
      address: 'local',
      action,
      subject: found(SUBJECT, result) ?? found(SUBJECT, argument) ?? '',
      after: argument,
    })
  } catch (cause) {
    if (log === undefined) throw cause
    log.error('audit.failed', { action, organization, actor: 'operator', cause })
  }
}

const ORGANIZATION: readonly string[] = ['organization']
const SUBJECT: readonly string[] = ['login', 'id', 'name', 'address', 'message']

/** Of the thing itself, or of the one that it carries: `{ key, token }`, `{ filter }`, `{ rows: [ … ] }`. */
function found(fields: readonly string[], value: unknown, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null || depth > 2) return undefined
  for (const field of fields) {
    const text: unknown = Reflect.get(value, field)
    if (typeof text === 'string') return text
  }
  for (const inner of Object.values(value).slice(0, INNER)) {
    const text = found(fields, inner, depth + 1)
    if (text !== undefined) return text
  }
  return undefined
}

/** Things that are looked into. */
const INNER = 8
