/** AUTH to a smart host. Only ever called under TLS. RFC 4954 */

import { randomBytes } from 'node:crypto'

import { clientStart, clientStep, mayEnd } from '#grammar/sasl'
import type { ClientStep } from '#grammar/sasl'

import { isReply } from './questions.ts'
import type { Answer } from './questions.ts'
import { deferred, lostVerdict, verdictOf } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** Best first: SCRAM shows the password to nobody, and shows us that the server knows it. */
const PREFERENCE = ['SCRAM-SHA-256', 'PLAIN', 'LOGIN'] as const

/** Challenges of one exchange; SCRAM has three. */
const ROUNDS = 5

export async function authenticate(
  { user, password }: { readonly user: string; readonly password: string },
  offered: readonly string[],
  ask: (line: string) => Promise<Answer>,
): Promise<Verdict | undefined> {
  const mechanism = PREFERENCE.find((one) => offered.includes(one))
  if (mechanism === undefined) {
    return deferred('AUTH', '4.7.4', `no mechanism in common; offered: ${offered.join(' ') || 'none'}`)
  }
  let step: ClientStep = clientStart(mechanism, {
    login: user,
    password,
    nonce: randomBytes(18).toString('base64'),
  })
  if (step.at === 'abort') return deferred('AUTH', '4.7.8', step.why)
  // LOGIN has no initial response.
  let line = step.text === '' ? `AUTH ${mechanism}\r\n` : `AUTH ${mechanism} ${step.text}\r\n`
  for (let round = 0; round < ROUNDS; round += 1) {
    const answer = await ask(line)
    if (!isReply(answer)) return lostVerdict(answer, 'AUTH')
    if (answer.code === 235) return mayEnd(step.state) ? undefined : unproved()
    // Our credentials or their mood, but not the message: a wrong password must not bounce the queue.
    if (answer.code !== 334) return { ...verdictOf(answer, 'AUTH'), outcome: 'deferred' }
    step = clientStep(step.state, answer.lines[0])
    if (step.at === 'abort') return await abort(step.why, ask)
    line = `${step.text}\r\n`
  }
  return await abort('too many challenges', ask)
}

async function abort(why: string, ask: (line: string) => Promise<Answer>): Promise<Verdict> {
  await ask('*\r\n')
  return deferred('AUTH', '4.7.8', why)
}

function unproved(): Verdict {
  return deferred('AUTH', '4.7.8', 'the server did not show that it knows the password')
}
