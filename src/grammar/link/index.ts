export { placesIn } from './places.ts'
export type { Places } from './places.ts'
export { trackingSplices } from './rewrite.ts'
export type { Making, Wanted } from './rewrite.ts'
