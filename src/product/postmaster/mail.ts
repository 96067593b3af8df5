/**
 * Mail for the postmaster that has nowhere else to go: every mail host must take it (RFC 5321 §4.5.1), and somebody
 * should read it. Not a mailbox: nobody logs in, nothing is ever answered, and what is old makes room for what is new.
 */

import type { Kysely, Selectable } from 'kysely'

import type { Control } from '#platform/store'

import { POSTMASTER_MIGRATIONS } from './tables.ts'
import type { PostmasterTables } from './tables.ts'

/** One message, but for its content. Texts are those of strangers. */
export type KeptMail = {
  /** Sorts by time. */
  readonly id: string
  readonly receivedAt: number
  /** The address of the host that brought it. */
  readonly client: string
  /** Its reverse-path, `<>` the null one. */
  readonly sender: string
  readonly recipient: string
  readonly author: string
  readonly subject: string
  /** Octets of its content. */
  readonly size: number
}

export type KeptQuery = {
  readonly limit: number
  /** Only those that came before the one of this id. */
  readonly before?: string
}

export type PostmasterMail = {
  /** Gives how many of the oldest had to make room. Both or neither. */
  keep(mail: Omit<KeptMail, 'size'>, content: Uint8Array): Promise<number>
  /** The newest first. */
  list(query: KeptQuery): Promise<readonly KeptMail[]>
  show(id: string): Promise<{ readonly mail: KeptMail; readonly content: Uint8Array } | undefined>
  /** Gives those that were there. */
  remove(ids: readonly string[]): Promise<readonly KeptMail[]>
  /** Removes what came before `before`; gives how many. */
  tidy(before: number): Promise<number>
}

/** In all, and of one message: enough for people who write, and no room for those who flood. */
export const KEPT_MOST = { messages: 1_000, octets: 64 * 1024 * 1024, size: 1024 * 1024 } as const

type Most = { readonly messages: number; readonly octets: number }

export async function openPostmasterMail(control: Control, most: Most = KEPT_MOST): Promise<PostmasterMail> {
  const db = await control.tables<PostmasterTables>('postmaster', POSTMASTER_MIGRATIONS)
  return {
    keep: (mail, content) =>
      db.transaction().execute(async (transaction) => {
        await transaction.insertInto('postmaster_mail').values(rowOf(mail, content)).execute()
        return makeRoom(transaction, most)
      }),
    async list({ limit, before }) {
      const query = newestFirst(db).limit(limit)
      const rows = await (before === undefined ? query : query.where('id', '<', before)).execute()
      return rows.map(mailOf)
    },
    async show(id) {
      const row = await db.selectFrom('postmaster_mail').selectAll().where('id', '=', id).executeTakeFirst()
      return row && { mail: mailOf(row), content: row.content }
    },
    async remove(ids) {
      if (ids.length === 0) return []
      const rows = await newestFirst(db).where('id', 'in', ids).execute()
      await db.deleteFrom('postmaster_mail').where('id', 'in', ids).execute()
      return rows.map(mailOf)
    },
    async tidy(before) {
      const gone = db.deleteFrom('postmaster_mail').where('received_at', '<', before)
      return Number((await gone.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}

type Row = Selectable<PostmasterTables['postmaster_mail']>

const WITHOUT_CONTENT = [
  'id',
  'received_at',
  'client',
  'sender',
  'recipient',
  'author',
  'subject',
  'size',
] as const satisfies readonly (keyof Row)[]

function newestFirst(db: Kysely<PostmasterTables>) {
  return db.selectFrom('postmaster_mail').select(WITHOUT_CONTENT).orderBy('id', 'desc')
}

/** What a flood pushes out is old; what it would keep out is what people write now. */
async function makeRoom(db: Kysely<PostmasterTables>, { messages, octets }: Most): Promise<number> {
  const all = await db.selectFrom('postmaster_mail').select(['id', 'size']).orderBy('id', 'desc').execute()
  let taken = 0
  const kept = all.findIndex(({ size }, i) => i >= messages || (taken += size) > octets)
  if (kept < 0) return 0
  const gone = all.slice(kept).map(({ id }) => id)
  await db.deleteFrom('postmaster_mail').where('id', 'in', gone).execute()
  return gone.length
}

function rowOf({ id, receivedAt, ...mail }: Omit<KeptMail, 'size'>, content: Uint8Array): Row {
  const { client, sender, recipient, author, subject } = mail
  const size = content.length
  return { id, received_at: receivedAt, client, sender, recipient, author, subject, size, content }
}

function mailOf({ received_at: receivedAt, ...row }: Omit<Row, 'content'>): KeptMail {
  const { id, client, sender, recipient, author, subject, size } = row
  return { id, receivedAt, client, sender, recipient, author, subject, size }
}
