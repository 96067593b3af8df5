export { serveControl } from './server.ts'
export type { ControlServer } from './server.ts'
