export { afterAttempt, backoff, DAMAGED, deadline, triesUntil, whenLate } from './lifetime.ts'
export type { RetryPolicy, Verdict } from './lifetime.ts'
