export { matchesMx, parseStsPolicy } from './policy.ts'
export type { StsMode, StsPolicy } from './policy.ts'
export { parseStsRecord } from './record.ts'
export type { StsRecord } from './record.ts'
