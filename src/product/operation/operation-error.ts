/** What goes wrong between an operator and a node, in words for the operator. */

export type OperationErrorCode = 'not-running' | 'refused' | 'invalid'

/** `not-running`: only a running node can do that. `refused`: the node said no. `invalid`: the request makes no sense. */
export class OperationError extends Error {
  override readonly name = 'OperationError'
  readonly code: OperationErrorCode
  constructor(code: OperationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
