export type { Job, Work } from './job.ts'
