export { isOperatorScope, isScope, OPERATOR, OPERATOR_SCOPES, ROLES, SCOPES } from './scope.ts'
export type { Role, Scope } from './scope.ts'
