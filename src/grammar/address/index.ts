export type { ForwardPath, Mailbox, ReversePath } from './mailbox.ts'
