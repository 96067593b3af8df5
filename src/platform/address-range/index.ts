export { isLoopback, isPrivate, normalAddress } from './special.ts'
export { parseRanges } from './ranges.ts'
export type { Ranges } from './ranges.ts'
