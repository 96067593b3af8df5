export { narrowed, pathLimits } from './limits.ts'
export type { PathLimits } from './limits.ts'
export { fullBucket, take } from './token-bucket.ts'
export type { Bucket, Rate, Taken } from './token-bucket.ts'
