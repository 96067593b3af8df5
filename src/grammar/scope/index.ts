export { isOperatorScope, isScope, OPERATOR, OPERATOR_SCOPES, SCOPES } from './scope.ts'
export type { Scope } from './scope.ts'
