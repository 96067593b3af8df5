export type { ApiParts } from './parts.ts'
export { serveApi } from './server.ts'
export type { ApiServer } from './server.ts'
export type { Submit } from './submission.ts'
