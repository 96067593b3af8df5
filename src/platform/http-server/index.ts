export { serverOf } from './listening.ts'
export type { Listening } from './listening.ts'
