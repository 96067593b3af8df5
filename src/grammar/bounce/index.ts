export { BOUNCE_CLASSES, CLASSES, classWords } from './classes.ts'
export type { BounceClass, BounceType, ClassWords } from './classes.ts'
