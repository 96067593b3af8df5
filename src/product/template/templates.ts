/** Templates that organizations keep by name, each with the versions before. What they become is made elsewhere. */

import type { Kysely, Selectable } from 'kysely'

import { violationOf } from '#platform/store'
import type { Control } from '#platform/store'

import { compileTemplate } from './template.ts'
import type { TemplateFault, TemplateSource } from './template.ts'
import { TEMPLATE_MIGRATIONS } from './tables.ts'
import type { TemplateTables } from './tables.ts'

/** Instants are milliseconds since the epoch. */
export type NamedTemplate = {
  readonly name: string
  readonly note: string
  /** Counted from 1; each change of the source is another. */
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
}

export type KeptTemplate = NamedTemplate & { readonly source: TemplateSource }

export type TemplateVersion = { readonly version: number; readonly createdAt: number }

export type TemplateContent = { readonly source: TemplateSource; readonly note: string }

/** Every question is asked for one organization, and answered for it alone: `undefined` when it has no such template. */
export type Templates = {
  /** @throws {TemplateError} */
  add(organization: string, name: string, content: TemplateContent): Promise<NamedTemplate>
  /** By name, from the first beyond `after`. */
  list(organization: string, after: string, limit: number): Promise<readonly NamedTemplate[]>
  /** `version`: one of those that are kept; the newest when absent. */
  show(organization: string, name: string, version?: number): Promise<KeptTemplate | undefined>
  /** Newest first. */
  versions(organization: string, name: string): Promise<readonly TemplateVersion[]>
  /** Another source is another version. What waits to be sent stays as it is. @throws {TemplateError} `faulty` */
  change(organization: string, name: string, content: TemplateContent): Promise<NamedTemplate | undefined>
  /** With all its versions. */
  remove(organization: string, name: string): Promise<boolean>
}

/** Of one organization, and of one template: older versions go. */
export const TEMPLATES = { most: 1000, versions: 20 } as const

/** `faulty`: see `faults`. `taken`: the name. `too-many`: the organization has as many as it may. */
export type TemplateErrorCode = 'faulty' | 'taken' | 'too-many'

export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly code: TemplateErrorCode
  readonly faults: readonly TemplateFault[]
  constructor(code: TemplateErrorCode, message: string, faults: readonly TemplateFault[] = []) {
    super(message)
    this.code = code
    this.faults = faults
  }
}

export async function openTemplates(control: Control, now: () => number): Promise<Templates> {
  const db = await control.tables<TemplateTables>('template', TEMPLATE_MIGRATIONS)
  return {
    add: (organization, name, content) => add(db, { organization, name }, content, now()),
    async list(organization, after, limit) {
      const rows = db.selectFrom('template').selectAll().where('organization', '=', organization)
      return (await rows.where('name', '>', after).orderBy('name').limit(limit).execute()).map(named)
    },
    show: (organization, name, version) => show(db, { organization, name }, version),
    async versions(organization, name) {
      const rows = await db
        .selectFrom('template_version')
        .select(['version', 'created_at'])
        .where('organization', '=', organization)
        .where('name', '=', name)
        .orderBy('version', 'desc')
        .execute()
      return rows.map((row) => ({ version: row.version, createdAt: row.created_at }))
    },
    change: (organization, name, content) => change(db, { organization, name }, content, now()),
    remove: (organization, name) => remove(db, { organization, name }),
  }
}

type Db = Kysely<TemplateTables>
type Which = { readonly organization: string; readonly name: string }

/** @throws {TemplateError} `faulty` */
function written(source: TemplateSource): string {
  const compiled = compileTemplate(source)
  if (!compiled.ok) throw new TemplateError('faulty', 'the template cannot be read', compiled.faults)
  return JSON.stringify(source)
}

async function add(
  db: Db,
  which: Which,
  { source, note }: TemplateContent,
  at: number,
): Promise<NamedTemplate> {
  const text = written(source)
  const row = { ...which, note, version: 1, created_at: at, updated_at: at }
  try {
    return await db.transaction().execute(async (transaction) => {
      const { count } = await transaction
        .selectFrom('template')
        .select(({ fn }) => fn.countAll<number | string>().as('count'))
        .where('organization', '=', which.organization)
        .executeTakeFirstOrThrow()
      if (Number(count) >= TEMPLATES.most)
        throw new TemplateError('too-many', `an organization has at most ${TEMPLATES.most} templates`)
      await transaction.insertInto('template').values(row).execute()
      await transaction
        .insertInto('template_version')
        .values({ ...which, version: 1, source: text, created_at: at })
        .execute()
      return named(row)
    })
  } catch (cause) {
    if (violationOf(cause) !== 'unique') throw cause
    throw new TemplateError('taken', `there is a template ${which.name} already`)
  }
}

async function show(
  db: Db,
  { organization, name }: Which,
  version?: number,
): Promise<KeptTemplate | undefined> {
  const row = await db
    .selectFrom('template')
    .innerJoin('template_version', (join) =>
      join
        .onRef('template_version.organization', '=', 'template.organization')
        .onRef('template_version.name', '=', 'template.name'),
    )
    .selectAll('template')
    .select(['template_version.source', 'template_version.version as shown'])
    .where('template.organization', '=', organization)
    .where('template.name', '=', name)
    .where((where) =>
      version === undefined
        ? where('template_version.version', '=', where.ref('template.version'))
        : where('template_version.version', '=', version),
    )
    .executeTakeFirst()
  if (row === undefined) return undefined
  return { ...named({ ...row, version: row.shown }), source: JSON.parse(row.source) as TemplateSource }
}

async function change(
  db: Db,
  which: Which,
  { source, note }: TemplateContent,
  at: number,
): Promise<NamedTemplate | undefined> {
  const text = written(source)
  return await db.transaction().execute(async (transaction) => {
    const { organization, name } = which
    const row = await transaction
      .updateTable('template')
      .set((column) => ({ note, version: column('version', '+', 1), updated_at: at }))
      .where('organization', '=', organization)
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) return undefined
    await transaction
      .insertInto('template_version')
      .values({ ...which, version: row.version, source: text, created_at: at })
      .execute()
    await transaction
      .deleteFrom('template_version')
      .where('organization', '=', organization)
      .where('name', '=', name)
      .where('version', '<=', row.version - TEMPLATES.versions)
      .execute()
    return named(row)
  })
}

async function remove(db: Db, { organization, name }: Which): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    await transaction
      .deleteFrom('template_version')
      .where('organization', '=', organization)
      .where('name', '=', name)
      .execute()
    const { numDeletedRows } = await transaction
      .deleteFrom('template')
      .where('organization', '=', organization)
      .where('name', '=', name)
      .executeTakeFirstOrThrow()
    return numDeletedRows === 1n
  })
}

function named(row: Selectable<TemplateTables['template']>): NamedTemplate {
  const { name, note, version } = row
  return { name, note, version, createdAt: row.created_at, updatedAt: row.updated_at }
}
