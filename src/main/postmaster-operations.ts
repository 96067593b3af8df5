/** What an operator does with mail for the postmaster that was kept. */

import type { Control } from '#platform/store'
import type { Operations } from '#product/operation'
import { openPostmasterMail } from '#product/postmaster'

type PostmasterOperations = Pick<Operations, 'postmasterMails' | 'postmasterMail' | 'postmasterRemove'>

export async function postmasterOperations(control: Control): Promise<PostmasterOperations> {
  const kept = await openPostmasterMail(control)
  return {
    postmasterMails: (query) => kept.list(query),
    async postmasterMail({ id }) {
      const found = await kept.show(id)
      if (found === undefined) return null
      return { ...found.mail, content: Buffer.from(found.content).toString('base64') }
    },
    postmasterRemove: ({ ids }) => kept.remove(ids),
  }
}
