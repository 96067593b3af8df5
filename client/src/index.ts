export { Hikyaku } from './api.ts'
export { HikyakuError } from './error.ts'
export type { HikyakuOptions, RequestOptions } from './transport.ts'
export type * from './schema.ts'
