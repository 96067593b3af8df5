export type { Fields, Log } from './log.ts'
