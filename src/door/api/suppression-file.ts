/** Suppressions as files: a CSV taken in, all of them given out; and those of one recipient, past ones too. */

import { Readable } from 'node:stream'

import { Type } from 'typebox'

import { LIST_LIMIT } from '#product/operation'
import type { Operations } from '#product/operation'
import { EVERY_STREAM, readSuppressionFile, SuppressionError } from '#product/suppression'
import type { NewSuppression, Suppression, SuppressionKey } from '#product/suppression'

import { csvCell } from './csv-cell.ts'
import type { Routes } from './parts.ts'
import { CLOSED } from './person-schema.ts'
import { invalidAt, Problem } from './problem.ts'
import { needs } from './security.ts'
import { Reason, shownSuppression, ShownSuppression, Stream, toldOfSuppressions } from './suppressions.ts'
import { isoTime, Line } from './text.ts'

export const suppressionFileRoutes: Routes = (app, parts) => {
  showRoute(app, parts)
  exportRoute(app, parts)
  importRoute(app, parts)
}

const showRoute: Routes = (app, { authenticate, operations }) => {
  app.route({
    method: 'GET',
    url: '/v1/suppressions/:recipient',
    schema: {
      operationId: 'showSuppressions',
      summary: 'Why a recipient is suppressed or was, newest first',
      tags: ['suppressions'],
      ...needs('suppressions:read'),
      params: Type.Object({ recipient: Line({ minLength: 3, maxLength: 320 }) }),
      response: { 200: Type.Object({ data: Type.Array(ShownSuppression) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'suppressions:read')
      const { recipient: address } = request.params
      const rows = await toldOfSuppressions(() => operations.suppressionShow({ organization, address }))
      if (rows.length === 0) throw new Problem('missing', `${address} never was suppressed.`)
      return { data: rows.map(shownSuppression) }
    },
  })
}

const exportRoute: Routes = (app, { authenticate, operations }) => {
  app.route({
    method: 'GET',
    url: '/v1/suppressions.csv',
    schema: {
      operationId: 'exportSuppressions',
      summary: 'All of them as a file, for spreadsheets and for import elsewhere',
      tags: ['suppressions'],
      ...needs('suppressions:read'),
      querystring: Type.Object(
        { all: Type.Optional(Type.Boolean({ description: 'Also those that hold no longer.' })) },
        CLOSED,
      ),
      produces: ['text/csv'],
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'suppressions:read')
      return reply
        .header('content-disposition', 'attachment; filename="suppressions.csv"')
        .type('text/csv; charset=utf-8')
        .send(Readable.from(lines(operations, organization, request.query.all === true)))
    },
  })
}

/** RFC 4180 §2, with the mark by which spreadsheets know UTF-8. */
async function* lines(
  operations: Pick<Operations, 'suppressions'>,
  organization: string,
  all: boolean,
): AsyncGenerator<string> {
  yield '\uFEFFaddress,stream,reason,class,created_at,expires_at,removed_at,evidence\r\n'
  let after: SuppressionKey | undefined
  do {
    const rows = await operations.suppressions({
      organization,
      limit: LIST_LIMIT,
      all,
      ...(after !== undefined && { after }),
    })
    yield rows.map(lineOf).join('')
    after = rows.length < LIST_LIMIT ? undefined : rows.at(-1)
  } while (after !== undefined)
}

function time(at: number | undefined): string {
  return at === undefined ? '' : isoTime(at)
}

function lineOf(row: Suppression): string {
  const { address, stream, reason, class: what = '', createdAt, expiresAt, removedAt, evidence } = row
  const cells = [address, stream, reason, what, time(createdAt), time(expiresAt), time(removedAt), evidence]
  return `${cells.map(csvCell).join(',')}\r\n`
}

const importRoute: Routes = (app, { authenticate, operations, note }) => {
  app.route({
    method: 'POST',
    url: '/v1/suppressions/import',
    schema: {
      operationId: 'importSuppressions',
      summary: 'Suppress what a CSV file lists; nothing is written unless every line is in order',
      description: 'As text/csv with a header line; the column `email` or `address` is needed.',
      tags: ['suppressions'],
      ...needs('suppressions:write'),
      consumes: ['text/csv'],
      querystring: Type.Object(
        {
          stream: Type.Optional(Stream),
          reason: Type.Optional(Reason),
          dry_run: Type.Optional(Type.Boolean({ description: 'Only say how many there would be.' })),
        },
        CLOSED,
      ),
      body: Type.Unsafe<Buffer>({ description: 'The file.' }),
      response: { 200: Type.Object({ suppressed: Type.Integer(), dry_run: Type.Boolean() }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'suppressions:write')
      const { stream = EVERY_STREAM, reason = 'import', dry_run: isTrial = false } = request.query
      if (!Buffer.isBuffer(request.body)) throw new Problem('unsupported-type', 'Send the file as text/csv.')
      const rows = await readRows(request.body, { organization, stream, reason })
      note(request, { subject: `${rows.length} recipients`, after: { stream, reason, count: rows.length } })
      if (!isTrial) await addAll(operations, rows)
      return { suppressed: rows.length, dry_run: isTrial }
    },
  })
}

async function addAll(operations: Operations, rows: readonly NewSuppression[]): Promise<void> {
  for (let i = 0; i < rows.length; i += LIST_LIMIT) {
    const some = rows.slice(i, i + LIST_LIMIT)
    await toldOfSuppressions(() => operations.suppressionAdd({ rows: some }))
  }
}

async function readRows(
  content: Buffer,
  defaults: Parameters<typeof readSuppressionFile>[1],
): Promise<readonly NewSuppression[]> {
  try {
    return await readSuppressionFile(content, defaults)
  } catch (error) {
    if (error instanceof SuppressionError) throw invalidAt('#', error.message)
    throw error
  }
}
