export { AGENT_RULES } from './agents.ts'
export { BURST, CONDUCT_RULES, judge, READER_CLASSES } from './judge.ts'
export type { Fetched, Judged, Patience, ReaderClass } from './judge.ts'
export {
  clickToken,
  openToken,
  readClickToken,
  readOpenToken,
  readWishToken,
  TOKEN_LENGTH,
  wishToken,
} from './token.ts'
export type { Click, TokenKey, Tracked, Wish } from './token.ts'
export { followed, UNSUBSCRIBE, URL_LENGTH } from './url.ts'
