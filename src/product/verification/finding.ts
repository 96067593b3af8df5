/** What a check has to say: one line for people, how bad it is, and what would make it good. */

import type { DnsRecord } from '#product/domain'

/**
 * `ok`: as it should be. `warning`: mail flows, with less trust than it could have, or not for long. `problem`: mail is
 * or will be refused or lost. `skipped`: not looked at; the text says why.
 */
export type Level = 'ok' | 'warning' | 'problem' | 'skipped'

export type Finding = {
  readonly level: Level
  /** What was looked at, in a word or two: `dkim`, `certificate`. */
  readonly check: string
  /** What was seen, on one line; remote text in it is quoted and harmless. */
  readonly text: string
  /** What to do about it. */
  readonly advice?: string
  /** The record to publish instead, or at all. */
  readonly publish?: Pick<DnsRecord, 'name' | 'type' | 'value'>
}

/** Characters of a stranger's text that are shown. */
const SHOWN = 160

/** Text from the DNS for a line of ours: no controls, no line ends, not without end. */
export function quoted(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
  return `"${clean.length > SHOWN ? `${clean.slice(0, SHOWN)}…` : clean}"`
}
