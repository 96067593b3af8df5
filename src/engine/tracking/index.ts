export { trackingPersonaliser } from './personaliser.ts'
export type { TrackingPersonaliserOptions, TrackingWanted } from './personaliser.ts'
export { unsubscribeUrl } from './url.ts'
