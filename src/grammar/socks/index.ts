export { beginSocks, stepSocks } from './socks.ts'
export type { Socks, SocksRequest, SocksStep } from './socks.ts'
