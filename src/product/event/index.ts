export type { EventFilter, EventPage, EventSource, LogPlace } from './place.ts'
export type { PublishedAttempt, PublishedEvent, PublishedReport } from './published.ts'
export { formatPlace, parsePlace, readEvents } from './place.ts'
export { published } from './published.ts'
