/** A message that came in, judged: what it is, and for each recipient why. */

import { readIncoming } from '#grammar/incoming'
import type { FeedbackType, Incoming, Reported } from '#grammar/incoming'

import { classifyFinal } from './classify.ts'
import type { Classified } from './classify.ts'
import { CLASSES } from '#grammar/bounce'
import type { BounceClass } from '#grammar/bounce'
import type { Said } from './rule.ts'

export type JudgedRecipient = Classified & {
  readonly recipient: string
  readonly originalRecipient?: string
  /** RFC 3463; empty when nothing tells it. */
  readonly status: string
  readonly diagnostic: string
  readonly remoteMta: string
}

export type JudgedMessage = {
  readonly kind: Incoming['kind']
  readonly recipients: readonly JudgedRecipient[]
  /** Of the message that the report is about, with angle brackets. */
  readonly originalMessageId?: string
  /** Of a complaint. */
  readonly feedback?: FeedbackType
  /** Of an automatic answer: it wants the sender to prove something. */
  readonly challenge?: boolean
  /** Of a report about no single message. */
  readonly report?: 'dmarc' | 'tls' | 'disposition'
}

/** Never throws. */
export function judgeIncoming(message: Uint8Array): JudgedMessage {
  const incoming = readIncoming(message)
  switch (incoming.kind) {
    case 'bounce':
    case 'delay':
    case 'success':
      return {
        kind: incoming.kind,
        recipients: incoming.recipients.map(judged),
        ...about(incoming.original.messageId),
      }
    case 'complaint': {
      const { type, recipients, reporter } = incoming.feedback
      const name = FEEDBACK[type]
      return {
        kind: 'complaint',
        recipients: recipients.map((recipient) => plain(recipient, name, reporter)),
        feedback: type,
        ...about(incoming.original.messageId),
      }
    }
    case 'auto-reply':
      return {
        kind: 'auto-reply',
        recipients: incoming.from.map((from) => plain(from, 'auto-reply', '')),
        challenge: incoming.challenge,
      }
    case 'unsubscribe':
      return { kind: 'unsubscribe', recipients: incoming.from.map((from) => plain(from, 'unsubscribe', '')) }
    case 'report':
      return { kind: 'report', recipients: [], report: incoming.of }
    case 'none':
      return { kind: 'none', recipients: [] }
  }
}

const FEEDBACK: Record<FeedbackType, BounceClass> = {
  abuse: 'complaint',
  fraud: 'complaint',
  virus: 'virus',
  'opt-out': 'unsubscribe',
  'not-spam': 'other',
  'auth-failure': 'authentication',
  other: 'complaint',
}

function about(messageId: string | undefined): { readonly originalMessageId?: string } {
  return messageId === undefined ? {} : { originalMessageId: messageId }
}

/** What is no failure has no type, whatever its class. */
function plain(recipient: string, name: BounceClass, diagnostic: string): JudgedRecipient {
  return { recipient, class: name, type: 'none', rule: 'none', status: '', diagnostic, remoteMta: '' }
}

function judged(reported: Reported): JudgedRecipient {
  const { recipient, originalRecipient, diagnostic, remoteMta, action } = reported
  const status = reported.status === '' ? reported.enhanced : reported.status
  return {
    recipient,
    ...(originalRecipient === undefined ? {} : { originalRecipient }),
    ...classOf(reported, action),
    status,
    diagnostic,
    remoteMta,
  }
}

function classOf(reported: Reported, action: Reported['action']): Classified {
  const said = saidOf(reported)
  switch (action) {
    case 'failed':
      return classifyFinal(said, reported.more)
    case 'delayed':
      return softened(classifyFinal(said, reported.more))
    case 'delivered':
    case 'relayed':
    case 'expanded':
      return { class: 'delivered', type: CLASSES.delivered.type, rule: `action ${action}` }
  }
}

function softened(found: Classified): Classified {
  return found.type === 'hard' ? { ...found, type: 'soft' } : found
}

/** The enhanced code of the reply itself, unless it says nothing and that of the report more. */
function saidOf({
  recipient,
  originalRecipient,
  enhanced,
  status,
  code,
  stage,
  remoteMta,
  diagnostic,
}: Reported): Said {
  const own = enhanced === '' || enhanced.endsWith('.0.0') ? status : enhanced
  return {
    code,
    enhanced: own === '' ? enhanced : own,
    text: diagnostic,
    host: remoteMta,
    domain: (originalRecipient ?? recipient).split('@').at(-1)?.toLowerCase() ?? '',
    ...(stage === undefined ? {} : { stage }),
  }
}
