export { afterAttempt, backoff, DAMAGED, deadline, triesUntil } from './lifetime.ts'
export type { RetryPolicy, Verdict } from './lifetime.ts'
