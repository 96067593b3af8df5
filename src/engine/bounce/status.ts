/** What codes say when words do not: the enhanced status code first, then the reply code and where it was given. */

import type { BounceClass } from '#grammar/bounce'
import type { Said } from './rule.ts'

/** By subject and detail of RFC 3463 and its registry; the first digit decides only how long to wait. */
export const STATUS: ReadonlyMap<string, BounceClass> = new Map<string, BounceClass>([
  ['1.0', 'user-unknown'],
  ['1.1', 'user-unknown'],
  ['1.2', 'host-unknown'],
  ['1.3', 'user-unknown'],
  ['1.4', 'user-unknown'],
  ['1.6', 'moved'],
  ['1.7', 'sender-rejected'],
  ['1.8', 'sender-rejected'],
  ['1.9', 'system-error'],
  // RFC 7505 §4.1
  ['1.10', 'no-mail'],
  ['1.20', 'noncompliant'],
  ['2.0', 'filtered'],
  ['2.1', 'inactive'],
  ['2.2', 'mailbox-full'],
  ['2.3', 'too-big'],
  ['2.4', 'filtered'],
  // Exchange Online
  ['2.121', 'rate'],
  ['2.122', 'rate'],
  ['3.0', 'system-error'],
  ['3.1', 'system-full'],
  ['3.2', 'system-error'],
  ['3.3', 'system-error'],
  ['3.4', 'too-big'],
  ['3.5', 'system-error'],
  ['4.0', 'network'],
  ['4.1', 'network'],
  ['4.2', 'network'],
  ['4.3', 'dns'],
  ['4.4', 'host-unknown'],
  ['4.5', 'rate'],
  ['4.6', 'network'],
  ['4.7', 'expired'],
  ['4.8', 'network'],
  ['5.0', 'syntax'],
  ['5.1', 'syntax'],
  ['5.2', 'syntax'],
  ['5.3', 'rate'],
  ['5.4', 'syntax'],
  ['5.5', 'syntax'],
  ['5.6', 'syntax'],
  ['6.0', 'content'],
  ['6.1', 'content'],
  ['6.2', 'content'],
  ['6.3', 'content'],
  ['6.4', 'content'],
  ['6.5', 'content'],
  ['6.6', 'content'],
  ['6.7', 'content'],
  ['6.8', 'content'],
  ['6.9', 'content'],
  ['7.0', 'policy'],
  ['7.1', 'policy'],
  ['7.2', 'policy'],
  ['7.3', 'policy'],
  ['7.4', 'tls'],
  ['7.5', 'tls'],
  ['7.6', 'tls'],
  ['7.7', 'policy'],
  ['7.8', 'security'],
  ['7.9', 'security'],
  ['7.10', 'tls'],
  ['7.11', 'tls'],
  ['7.12', 'security'],
  ['7.13', 'inactive'],
  ['7.14', 'security'],
  ['7.15', 'policy'],
  ['7.16', 'policy'],
  // RFC 7293 §10: another person has the mailbox now.
  ['7.17', 'moved'],
  ['7.18', 'moved'],
  ['7.19', 'policy'],
  // RFC 7372 §3
  ['7.20', 'authentication'],
  ['7.21', 'authentication'],
  ['7.22', 'authentication'],
  ['7.23', 'authentication'],
  ['7.24', 'authentication'],
  ['7.25', 'reverse-dns'],
  ['7.26', 'authentication'],
  ['7.27', 'sender-rejected'],
  ['7.28', 'rate'],
  ['7.29', 'authentication'],
  ['7.30', 'tls'],
])

/** `undefined` for a code that says nothing, such as x.0.0. */
export function classOfStatus(enhanced: string): BounceClass | undefined {
  const detail = /^[245]\.(\d{1,3}\.\d{1,3})$/.exec(enhanced)?.[1]
  return detail === undefined
    ? undefined
    : (STATUS.get(detail) ?? SUBJECTS.get(detail.split('.', 1)[0] ?? ''))
}

/** For details that nobody registered, such as those of Exchange Online. */
const SUBJECTS = new Map<string, BounceClass>([
  ['1', 'user-unknown'],
  ['4', 'network'],
  ['6', 'content'],
  ['7', 'policy'],
])

/** RFC 5321 §4.2.3, at the stage where only one thing can be meant. */
export function classOfCode({ code, stage }: Said): BounceClass | undefined {
  const byStage = stage === undefined ? undefined : STAGES.get(stage)
  if (code >= 500 && byStage !== undefined && !SAYS_MORE.has(code)) return byStage
  return CODES.get(code)
}

const STAGES = new Map<string, BounceClass>([
  ['connect', 'reputation'],
  ['greeting', 'reputation'],
  ['EHLO', 'reputation'],
  ['MAIL', 'sender-rejected'],
  ['RCPT', 'user-unknown'],
  ['tls', 'tls'],
])

const SAYS_MORE = new Set([500, 501, 502, 503, 504, 521, 530, 535, 552, 554, 555, 556])

const CODES = new Map<number, BounceClass>([
  [421, 'system-error'],
  [451, 'system-error'],
  [452, 'system-full'],
  [455, 'syntax'],
  [500, 'syntax'],
  [501, 'syntax'],
  [502, 'syntax'],
  [503, 'syntax'],
  [504, 'syntax'],
  [521, 'no-mail'],
  [530, 'security'],
  [535, 'security'],
  [551, 'moved'],
  [552, 'mailbox-full'],
  [555, 'syntax'],
  [556, 'no-mail'],
])
