export { actionOf } from './action.ts'
export { openAudit } from './audit.ts'
export type { Audit, AuditQuery, Entry, NewEntry } from './audit.ts'
