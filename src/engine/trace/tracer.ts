/** The seam by which sessions tell what is said in them, while somebody follows. While nobody does, it costs one look. */

/** Whose session it is. */
export type TraceSubject = {
  /** `in`: a client came to us. `out`: we went to a host. */
  readonly way: 'in' | 'out'
  /** The address of the other side. */
  readonly peer: string
  /** The listener, or the source and the site. */
  readonly by: string
}

/** What is known of a transaction, as far as it is known. Domains are lower-case A-labels. */
export type TraceTopic = { readonly domains?: readonly string[]; readonly messages?: readonly string[] }

/** Who speaks: the client, the server, or nobody: then it is an event of ours. */
export type Speaker = 'C' | 'S' | '*'

/** One session. Lines are told without CRLF, and without what is secret: see mask.ts. */
export type Trace = {
  said(speaker: Speaker, line: string): void
  /** A transaction begins: what was known of the one before is over. */
  turn(topic: TraceTopic): void
  /** More is known of the transaction. */
  learn(topic: TraceTopic): void
  /** The session is over. */
  end(): void
}

export type Tracer = {
  /** Whether anybody follows. To be looked at before each step; nothing below may be called while it is false. */
  readonly isActive: boolean
  begin(subject: TraceSubject): Trace
}

/** For those who cannot be followed. */
export const UNTRACED: Tracer = {
  isActive: false,
  begin: () => ({ said() {}, turn() {}, learn() {}, end() {} }),
}
