export { afterAttempt, backoff, deadline, triesUntil } from './lifetime.ts'
export type { RetryPolicy, Verdict } from './lifetime.ts'
