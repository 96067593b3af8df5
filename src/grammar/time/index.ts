export { formatDateTime, parseDateTime } from './date-time.ts'
export { formatDuration, parseDuration } from './duration.ts'
export { formatTimestamp, parseTimestamp } from './timestamp.ts'
