export { readReceivedReport } from './read.ts'
export type { ReadReport, ReceivedReport } from './read.ts'
