export { isScope, SCOPES } from './scope.ts'
export type { Scope } from './scope.ts'
