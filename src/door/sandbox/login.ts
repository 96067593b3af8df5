/** AUTH at the sandbox: every name and password is right, except those of names that begin with `wrong`. RFC 4954 §4 */

import { isCancel, start, step } from '#grammar/sasl'
import type { ServerStep, Waiting } from '#grammar/sasl'
import { reply } from '#grammar/smtp'
import type { Reply } from '#grammar/smtp'

export type LoginStep = {
  readonly reply: Reply
  /** What the next line answers; absent when the exchange is over. */
  readonly waiting?: Waiting
  /** Who is logged in now. */
  readonly login?: string
}

const loggedIn = reply(235, '2.7.0', 'Authentication successful')
const wrong = reply(535, '5.7.8', 'Authentication credentials invalid')
const malformed = reply(501, '5.5.2', 'Cannot decode the response')
const cancelled = reply(501, '5.7.0', 'Authentication cancelled')
// RFC 4954 §4
const unknownMechanism = reply(504, '5.5.4', 'Unrecognised authentication mechanism')

export function beginLogin(mechanism: string, initial: string | undefined): LoginStep {
  if (mechanism !== 'PLAIN' && mechanism !== 'LOGIN') return { reply: unknownMechanism }
  return answer(start(mechanism, '', initial))
}

export function continueLogin(waiting: Waiting, response: string): LoginStep {
  return isCancel(response) ? { reply: cancelled } : answer(step(waiting, response))
}

function answer(next: ServerStep): LoginStep {
  switch (next.at) {
    case 'challenge':
      return { reply: { code: 334, lines: [next.text] }, waiting: next.state }
    case 'check':
      return next.login.startsWith('wrong') ? { reply: wrong } : { reply: loggedIn, login: next.login }
    case 'refused':
      return { reply: next.kind === 'malformed' ? malformed : wrong }
    case 'lookup':
    case 'proved':
      return { reply: unknownMechanism }
  }
}
