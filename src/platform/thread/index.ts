export { giveBack } from './garbage.ts'
export { link, ThreadError, transfer } from './link.ts'
export type { Link, Remote } from './link.ts'
