export { unfitting } from './charset.ts'
export type { CharsetName } from './charset.ts'
export { compose } from './compose.ts'
export type { Attachment, Author, Composition } from './compose.ts'
