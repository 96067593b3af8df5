export { reputationGauges } from './metrics.ts'
export { ReputationWatch } from './watch.ts'
export type { Standing, StandingChange } from './watch.ts'
