/** What can be wrong with a store before anything is kept in it: told to the operator at start, never to a sender. */

/**
 * `locked`: another process has the data directory or the node number. `newer`: a later release wrote the schema.
 * `url`: `store.url` names no engine we know. `unsafe`: the engine is set up to lose what it has confirmed.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: 'locked' | 'newer' | 'url' | 'unsafe'
  constructor(code: 'locked' | 'newer' | 'url' | 'unsafe', message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
