/** That it is still who signed in, before what opens the account is changed. */

import type { UserParts } from './parts.ts'
import { checkedPassword } from './sessions.ts'
import type { Current, SignInRefusal } from './sessions.ts'

/** Without a password the sign-in itself must be of now: not everybody has one. */
export type Proof = { readonly password?: string; readonly address: string }

/** `stale`: no password was shown, and the session began too long ago. */
export type ProofRefusal = SignInRefusal | { readonly ok: false; readonly why: 'stale' }

/** In ms. */
const FRESH = 600_000

export async function proved(
  parts: UserParts,
  { member: { id, email }, session }: Current,
  { password, address }: Proof,
): Promise<{ readonly ok: true } | ProofRefusal> {
  if (password === undefined)
    return parts.now() < session.createdAt + FRESH ? { ok: true } : { ok: false, why: 'stale' }
  const query = parts.db.selectFrom('user_account').select('password').where('id', '=', id)
  const account = await query.executeTakeFirst()
  return checkedPassword(parts, { address, password, email, kept: account?.password })
}
