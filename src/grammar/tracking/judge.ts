/** Whether a person opened or followed something, a proxy that fetches for people, or a machine: and by which rule. */

import { AGENT_RULES } from './agents.ts'

/** `human`: nothing speaks against it. `proxy`: for a person, perhaps before, perhaps without their reading it. */
export const READER_CLASSES = ['human', 'proxy', 'machine'] as const

export type ReaderClass = (typeof READER_CLASSES)[number]

export type Fetched = {
  readonly kind: 'open' | 'click'
  readonly method: 'GET' | 'HEAD'
  readonly userAgent: string
  /** What Sec-Purpose, Purpose or X-Moz says; empty where none does. */
  readonly purpose: string
  /**
   * Milliseconds since the receiver took the message; negative: it has not said so yet. `undefined`: nobody knows any
   * more.
   */
  readonly age: number | undefined
  /** Links of this delivery that were followed within `BURST.within` of this one, this one with them. */
  readonly links: number
}

export type Judged = {
  readonly class: ReaderClass
  /** The rule that decided; `none` spoke against a person. */
  readonly rule: string
}

export type Patience = {
  /** Milliseconds after delivery within which nobody has read anything yet. */
  readonly soon: number
}

/** So many different links within so many milliseconds are no person's doing. A guess, as everybody's is. */
export const BURST = { links: 3, within: 2_000 } as const

type Rule = {
  readonly name: string
  readonly class: ReaderClass
  readonly source: string
  readonly holds: (fetched: Fetched, patience: Patience) => boolean
}

/** In order; before those of agents.ts what was done, since a scanner may say that it is anything. */
export const CONDUCT_RULES: readonly Rule[] = [
  {
    name: 'head',
    class: 'machine',
    source: 'RFC 9110 §9.3.2: who wants to see something asks for its content',
    holds: ({ method }) => method === 'HEAD',
  },
  {
    name: 'prefetch',
    class: 'machine',
    source: 'https://fetch.spec.whatwg.org/#sec-purpose-header: before anybody asks for it',
    holds: ({ purpose }) => /prefetch|preview/i.test(purpose),
  },
  {
    name: 'before-delivery',
    class: 'machine',
    source: 'guess: the receiver looks at links before it says that it takes the message',
    holds: ({ age, kind }, { soon }) => soon > 0 && kind === 'click' && age !== undefined && age < 0,
  },
  {
    name: 'too-soon',
    class: 'machine',
    source:
      'guess: https://check.live-direct-marketing.online/blog/bot-clicks-security-scanners-detect and others say five seconds',
    holds: ({ age, kind }, { soon }) => kind === 'click' && age !== undefined && age >= 0 && age < soon,
  },
  {
    name: 'many-links',
    class: 'machine',
    source:
      'guess: https://support.arternal.com/en/articles/15216436-smart-mail-clickthroughs-triggered-by-email-security-scanners and others: each link at nearly the same time',
    holds: ({ kind, links }) => kind === 'click' && links >= BURST.links,
  },
]

export function judge(fetched: Fetched, patience: Patience): Judged {
  const conduct = CONDUCT_RULES.find(({ holds }) => holds(fetched, patience))
  if (conduct !== undefined) return { class: conduct.class, rule: conduct.name }
  const agent = AGENT_RULES.find(({ pattern }) => pattern.test(fetched.userAgent))
  return agent === undefined ? { class: 'human', rule: 'none' } : { class: agent.class, rule: agent.name }
}
