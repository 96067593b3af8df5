/** People in requests and answers. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { OPERATOR_SCOPES, SCOPES } from '#product/account'
import { LANGUAGES, ROLES, UserError } from '#product/user'
import type { Member, SignInRefusal } from '#product/user'

import { Problem } from './problem.ts'
import { isoTime, Line } from './text.ts'

export const CLOSED = { additionalProperties: false }
export const Time = Type.String({ format: 'date-time' })
export const RoleName = Type.Enum(ROLES)
export const ScopeName = Type.Enum([...SCOPES, ...OPERATOR_SCOPES])
export const Email = Line({ minLength: 3, maxLength: 320 })
/** How long it has to be is for who makes one; of any length it may be wrong. */
export const Password = Type.String({ maxLength: 1024 })
export const PersonName = Line({ minLength: 1, maxLength: 100 })
export const LanguageName = Type.Enum(LANGUAGES, { description: 'In which we write to them.' })
export const Token = Type.String({ minLength: 1, maxLength: 100, pattern: '^[\\w-]+$' })

const USER = {
  id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  language: LanguageName,
  role: RoleName,
}

export const ShownUser = Type.Object(
  { ...USER, joined_at: Time, signed_in_at: Type.Optional(Time) },
  { title: 'User' },
)

export function shownUser(member: Member): Static<typeof ShownUser> {
  const { id, email, name, language, role, joinedAt, signedInAt } = member
  return {
    id,
    email,
    name,
    language,
    role,
    joined_at: isoTime(joinedAt),
    ...(signedInAt !== undefined && { signed_in_at: isoTime(signedInAt) }),
  }
}

export const NeedsCode = Type.Object(
  { needs: Type.Literal('code') },
  { description: 'Who it is, is right; show a code at /v1/session/second-factor within ten minutes.' },
)

/** Seconds until another try makes sense when many sign in at once. */
const BUSY = 2

export function refusalOf(refusal: SignInRefusal): Problem {
  switch (refusal.why) {
    case 'wrong':
      return new Problem('sign-in', 'Check address and password.')
    case 'busy':
      return busy()
    case 'too-often':
      return new Problem('too-often', 'There were too many tries: wait before the next one.', {
        retryAfter: Math.ceil(refusal.wait / 1000),
      })
  }
}

export function busy(): Problem {
  return new Problem('unavailable', 'Too many are signing in at this moment.', { retryAfter: BUSY })
}

/** What people did wrong is theirs to hear. */
export async function toldOfUsers<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new Problem(error.code === 'last-owner' ? 'conflict' : 'invalid', `${sentence(error.message)}.`)
  }
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
