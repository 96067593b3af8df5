/** The tables of this room, and how they came to be. Nobody else queries them. */

import type { Migration } from '#platform/store'

/** Instants are milliseconds since the epoch. */
export type TemplateTables = {
  template: {
    organization: string
    name: string
    note: string
    /** The one that is used; the largest there is. */
    version: number
    created_at: number
    updated_at: number
  }
  template_version: {
    organization: string
    name: string
    version: number
    /** JSON of a `TemplateSource`. */
    source: string
    created_at: number
  }
}

const TABLES = `
  create table template (
    organization text not null,
    name text not null,
    note text not null,
    version integer not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (organization, name));
  create table template_version (
    organization text not null,
    name text not null,
    version integer not null,
    source text not null,
    created_at bigint not null,
    primary key (organization, name, version))`

export const TEMPLATE_MIGRATIONS: readonly Migration[] = [
  { name: '2026-11-22 bulk: templates by name', sqlite: TABLES, postgres: TABLES },
]
