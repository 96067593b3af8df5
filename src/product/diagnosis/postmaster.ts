/** Whether anybody reads what the world writes to the postmaster. RFC 5321 §4.5.1 */

import { postmasterReaders } from '#platform/config'
import type { Config } from '#platform/config'
import type { Operations } from '#product/operation'
import type { Finding } from '#product/verification'

export type PostmasterBook = Pick<Operations, 'postmasterMails'>

/** Nothing where no mail comes from strangers. */
export async function checkPostmaster(book: PostmasterBook, config: Config): Promise<readonly Finding[]> {
  if (!config.listeners.some(({ kind }) => kind === 'mx')) return []
  const readers = postmasterReaders(config)
  if (readers.length > 0)
    return [{ level: 'ok', check: 'postmaster', text: `mail for it goes to ${readers.join(', ')}` }]
  const [newest] = await book.postmasterMails({ limit: 1 })
  const came =
    newest === undefined ? 'none has come' : `the newest came at ${new Date(newest.receivedAt).toISOString()}`
  return [
    {
      level: 'warning',
      check: 'postmaster',
      text: `mail for postmaster@ and abuse@ is kept here, and nobody is told of it; ${came}`,
      advice: 'let incoming.postmaster name who reads it; hikyaku postmaster list shows what is kept',
    },
  ]
}
