/** Links that open one thing once: what makes the first owner, and helps one who is locked out. */

import type { Kysely } from 'kysely'

import { macOf, newToken, notCodes, notOtherWays } from './parts.ts'
import type { UserParts } from './parts.ts'
import { join, withPassword } from './persons.ts'
import type { Beginner, Opened } from './persons.ts'
import type { UserTables } from './tables.ts'
import { emailOf, newPassword, personName } from './user.ts'

export type Links = {
  /** The token of a link that makes an owner, for a day. Earlier ones of the organization open nothing any more. */
  makeOwnerLink(organization: string): Promise<string>
  hasOwner(organization: string): Promise<boolean>
  /**
   * Makes an owner of whoever has the link. Who has an account already gets this password, and becomes one as well.
   * @throws {UserError} `malformed`
   */
  openOwnerLink(token: string, owner: Beginner & { readonly email: string }): Promise<Opened>
}

/** In ms. */
const OWNER_LINK_HOLDS = 24 * 3_600_000

export function linkFunctions(parts: UserParts): Links {
  const { db, key, now } = parts
  return {
    makeOwnerLink: (organization) =>
      db.transaction().execute(async (transaction) => {
        const token = newToken()
        await transaction
          .deleteFrom('once_link')
          .where('organization', '=', organization)
          .where('kind', '=', 'owner')
          .execute()
        const at = now()
        await transaction
          .insertInto('once_link')
          .values({
            mac: macOf(key, 'link', token),
            kind: 'owner',
            organization,
            created_at: at,
            expires_at: at + OWNER_LINK_HOLDS,
          })
          .execute()
        return token
      }),
    async hasOwner(organization) {
      const query = db.selectFrom('membership').select('account').where('organization', '=', organization)
      return (await query.where('role', '=', 'owner').executeTakeFirst()) !== undefined
    },
    openOwnerLink: (token, owner) => openOwnerLink(parts, token, owner),
  }
}

async function openOwnerLink(
  parts: UserParts,
  token: string,
  owner: Beginner & { readonly email: string },
): Promise<Opened> {
  const { db, key, now, hasher } = parts
  const email = emailOf(owner.email)
  const password = newPassword(owner.password, email)
  const name = personName(owner.name)
  const mac = macOf(key, 'link', token)
  // Before anything dear is done for a stranger.
  if ((await takeable(db, mac, now())) === undefined) return { ok: false, why: 'link' }
  const hash = await hasher.hash(password)
  if (hash === undefined) return { ok: false, why: 'busy' }
  return db.transaction().execute(async (transaction) => {
    // Whoever deletes the row has it; another who comes at the same time finds none.
    const taken = await transaction
      .deleteFrom('once_link')
      .where('mac', '=', mac)
      .where('expires_at', '>', now())
      .returning('organization')
      .executeTakeFirst()
    if (taken === undefined) return { ok: false, why: 'link' } as const
    const { organization } = taken
    const person = { email, name, language: owner.language, hash }
    const account = await withPassword(transaction, person, now())
    // Who has lost the telephone as well has no other way back; and nobody else has one to what was theirs.
    await notCodes(transaction, account)
    await notOtherWays(transaction, account)
    await join(transaction, { account, organization, role: 'owner', at: now() })
    return { ok: true, account, organization, email } as const
  })
}

function takeable(db: Kysely<UserTables>, mac: string, now: number) {
  const query = db.selectFrom('once_link').select('organization').where('mac', '=', mac)
  return query.where('expires_at', '>', now).executeTakeFirst()
}
