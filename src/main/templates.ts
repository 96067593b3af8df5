/** The templates of organizations, opened by the first request that asks for one: what reads them is of no use before. */

import type { Control } from '#platform/store'
import type { Templates } from '#product/template'

export function lateTemplates(control: Control): Templates {
  let opened: Promise<Templates> | undefined
  const templates = (): Promise<Templates> => (opened ??= open(control))
  return {
    add: async (...asked) => (await templates()).add(...asked),
    list: async (...asked) => (await templates()).list(...asked),
    show: async (...asked) => (await templates()).show(...asked),
    versions: async (...asked) => (await templates()).versions(...asked),
    change: async (...asked) => (await templates()).change(...asked),
    remove: async (...asked) => (await templates()).remove(...asked),
  }
}

async function open(control: Control): Promise<Templates> {
  const { openTemplates } = await import('#product/template')
  return await openTemplates(control, Date.now)
}
