export { unfitting } from './charset.ts'
export type { CharsetName } from './charset.ts'
export { compose, composer } from './compose.ts'
export type { Attachment, Author, Common, Composition, Own } from './compose.ts'
