/** Attempts and deliveries as shaping looks at them, of messages that are only numbers. */

import { chooseBehaviour } from '#engine/receiver'
import type { Answer, Personality, Refusal } from '#engine/receiver'
import type { Attempt, Claimed, Instant, MessageId } from '#engine/spool'

/** Where an attempt is made, and when. */
export type Occasion = { readonly source: string; readonly site: string; readonly at: Instant }

/** What somebody said at a stage, or did not say: `code` is 0. */
export type Said = Pick<Attempt, 'stage' | 'code' | 'enhanced' | 'text'>

const TAKEN: Said = { stage: 'end of data', code: 250, enhanced: '2.0.0', text: 'OK' }

export function attemptOf({ source, site, at }: Occasion, said: Said = TAKEN): Attempt {
  const { stage, code, enhanced, text } = said
  // RFC 5321 §4.2.1: the first digit decides; no reply at all decides nothing.
  const digit = Math.floor(code / 100)
  const outcome = digit === 2 ? 'delivered' : digit === 5 ? 'bounced' : 'deferred'
  return {
    at,
    duration: 0,
    outcome,
    source,
    site,
    host: site,
    address: '',
    tls: '',
    stage,
    code,
    enhanced,
    text,
  }
}

export function saidOf(answer: Answer, stage: string): Said {
  if (answer.kind === 'reset')
    return { stage, code: 0, enhanced: '4.4.2', text: `connection lost at stage ${stage}: ECONNRESET` }
  const { code, enhanced = `${Math.floor(answer.reply.code / 100)}.0.0`, lines } = answer.reply
  return { stage, code, enhanced, text: lines.join(' ') }
}

/** What a receiver says of somebody it does not know, and of one whom it is to see again. */
export function wordsOf({ words }: Personality): { readonly unknown: Said; readonly greylisted: Said } {
  return { unknown: saidFor('unknown', words), greylisted: saidFor('greylist', words) }
}

function saidFor(local: string, words: Personality['words']): Said {
  const does = chooseBehaviour(local, words)?.behaviour.does
  return does !== undefined && 'with' in does ? plainly(does.with) : OTHERWISE
}

const OTHERWISE: Said = { stage: 'RCPT', code: 550, enhanced: '5.1.1', text: 'User unknown' }

function plainly({ code, enhanced = `${Math.floor(code / 100)}.0.0`, lines }: Refusal): Said {
  return { stage: 'RCPT', code, enhanced, text: lines.join(' ').replace('<a>', '<recipient@example.com>') }
}

export const ORGANIZATION = 'rehearsal'

/** One for all messages to a domain: what shaping counts by is the same for all of them. */
export function claimedFor(domain: string, stream: string): Claimed {
  const id = '00000000000' as MessageId
  return {
    message: {
      id,
      acceptedAt: 0,
      organization: ORGANIZATION,
      stream,
      door: 'platform',
      client: { address: '', helo: '', protocol: '' },
      from: null,
      size: 0,
      body: '7bit',
      smtputf8: false,
      requireTls: false,
      priority: 0,
      expiresAt: Infinity,
    },
    delivery: {
      key: { message: id, n: 0 },
      to: { local: 'recipient', domain },
      queue: `${ORGANIZATION}/${stream}/${domain}`,
      band: 1,
      state: 'active',
      due: 0,
      attempts: 0,
      delayNotified: false,
    },
  }
}
