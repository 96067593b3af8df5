export { KEPT_MOST, openPostmasterMail } from './mail.ts'
export type { KeptMail, KeptQuery, PostmasterMail } from './mail.ts'
