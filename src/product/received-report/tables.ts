/** The table of this room, and how it came to be. Nobody else queries it. */

import type { Migration } from '#platform/store'

export type ReportTables = {
  received_report: {
    /** Made of the five below: whoever says the same again says nothing new. */
    id: string
    organization: string
    kind: string
    domain: string
    reporter: string
    report: string
    /** Milliseconds since the epoch, as the four `_at`. */
    from_at: number
    until_at: number
    received_at: number
    client: string
    sender: string
    good: number
    bad: number
    size: number
    json: string
  }
}

const REPORT = `
  create table received_report (
    id text primary key,
    organization text not null,
    kind text not null, domain text not null, reporter text not null, report text not null,
    from_at bigint not null, until_at bigint not null, received_at bigint not null,
    client text not null, sender text not null,
    good bigint not null, bad bigint not null,
    size integer not null, json text not null);
  create index received_report_domain on received_report (domain, until_at desc, id desc);
  create index received_report_received on received_report (received_at)`

export const REPORT_MIGRATIONS: readonly Migration[] = [
  { name: 'reports that others sent', sqlite: REPORT, postgres: REPORT },
]
