/** Lists in pages: a cursor says where the next one begins. */

import { Type } from 'typebox'
import type { TSchema } from 'typebox'

import { parseMessageId } from '#grammar/message-id'
import type { DeliveryKey } from '#grammar/message-id'

import { Problem } from './problem.ts'

export const PAGE = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Rows of a page.' }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: 200, description: 'The `next` of the page before; absent for the first.' }),
  ),
}

export const DEFAULT_LIMIT = 100

/** Rows, and where the next page begins: `null` on the last. */
export function pageOf<T extends TSchema>(row: T, title: string): ReturnType<typeof page<T>> {
  return page(row, title)
}

function page<T extends TSchema>(row: T, title: string) {
  return Type.Object(
    { data: Type.Array(row), next: Type.Union([Type.String(), Type.Null()]) },
    { title: `${title}Page` },
  )
}

/** Opaque to clients. */
export function cursorOf({ message, n }: DeliveryKey): string {
  return Buffer.from(`${message}.${n}`).toString('base64url')
}

/** @throws {Problem} `invalid` */
export function keyOf(cursor: string): DeliveryKey {
  const [id = '', n = '', ...more] = Buffer.from(cursor, 'base64url').toString('latin1').split('.')
  const message = parseMessageId(id)
  if (message === undefined || !/^\d{1,6}$/.test(n) || more.length > 0)
    throw new Problem('invalid', 'The cursor is none that a page has given.')
  return { message, n: Number(n) }
}
