export { serveTracking } from './serve.ts'
export type { TrackingParts, TrackingServer } from './serve.ts'
