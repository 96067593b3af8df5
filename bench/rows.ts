/** From measured rounds to the rows of the result. */

import type { Relayed } from './relay.ts'

export type Row = {
  readonly name: string
  readonly messagesPerSecond: number
  readonly cpuMsPerMessage: number
  readonly peakRssMiB: number
  /**
   * Messages a second over those of the peer in the same round: Postfix; for signed mail bare signatures; for
   * `relay-mx` our own `relay-reuse`.
   */
  readonly ratio: number
  /** Of signed mail: messages a second over bare signatures with the key as PEM text, parsed for each. */
  readonly ratioToPem?: number
  /** The slowest and the fastest round. */
  readonly range: readonly [number, number]
  /** CPU of smtp-source and smtp-sink; absent where they are not used. */
  readonly loadCpuMsPerMessage?: number
  /** The largest share of the machine that other programs took during a round. */
  readonly others?: number
}

/** What is measured in a round; the names of the rows come from these. */
export const RELAYS = [
  'relay-reuse',
  'relay-fresh',
  'relay-mx',
  'relay-reuse-dkim',
  'relay-fresh-dkim',
] as const
export type RelayName = (typeof RELAYS)[number]

export type Signing = Pick<Row, 'messagesPerSecond' | 'cpuMsPerMessage' | 'peakRssMiB'>

export type Round = {
  readonly hikyaku: Readonly<Record<RelayName, Relayed>>
  readonly postfix: Readonly<Record<'relay-reuse' | 'relay-fresh', Relayed>>
  readonly signAlone: Signing
  /** With the key as text. */
  readonly signAlonePem: Signing
}

/** Ours first, then what they are compared with. Each figure is the median of its rounds. */
export function rowsOf(rounds: readonly Round[]): readonly Row[] {
  return [
    relayRow('relay-reuse', rounds, ours('relay-reuse'), theirs('relay-reuse')),
    relayRow('relay-fresh', rounds, ours('relay-fresh'), theirs('relay-fresh')),
    relayRow('relay-mx', rounds, ours('relay-mx'), ours('relay-reuse')),
    acceptRow('accept-reuse', rounds, ours('relay-reuse'), theirs('relay-reuse')),
    signedRow('relay-reuse-dkim', rounds),
    signedRow('relay-fresh-dkim', rounds),
    relayRow('postfix-relay-reuse', rounds, theirs('relay-reuse'), theirs('relay-reuse')),
    relayRow('postfix-relay-fresh', rounds, theirs('relay-fresh'), theirs('relay-fresh')),
    acceptRow('postfix-accept-reuse', rounds, theirs('relay-reuse'), theirs('relay-reuse')),
    signRow(
      'sign-alone',
      rounds.map((round) => round.signAlone),
    ),
    signRow(
      'sign-alone-pem',
      rounds.map((round) => round.signAlonePem),
    ),
  ]
}

type Pick1 = (round: Round) => Relayed

function ours(name: RelayName): Pick1 {
  return (round) => round.hikyaku[name]
}

function theirs(name: 'relay-reuse' | 'relay-fresh'): Pick1 {
  return (round) => round.postfix[name]
}

function relayRow(
  name: string,
  rounds: readonly Round[],
  of: Pick1,
  peer: (round: Round) => { readonly messagesPerSecond: number },
): Row {
  const rates = rounds.map((round) => of(round).messagesPerSecond)
  return {
    name,
    messagesPerSecond: rounded(median(rates)),
    cpuMsPerMessage: rounded(median(rounds.map((round) => of(round).cpuMsPerMessage))),
    ...common(rounds.map(of)),
    ratio: rounded(
      median(rounds.map((round) => of(round).messagesPerSecond / peer(round).messagesPerSecond)),
    ),
    range: rangeOf(rates),
  }
}

function signedRow(name: 'relay-reuse-dkim' | 'relay-fresh-dkim', rounds: readonly Round[]): Row {
  const row = relayRow(name, rounds, ours(name), (round) => round.signAlone)
  const toPem = rounds.map(
    ({ hikyaku, signAlonePem }) => hikyaku[name].messagesPerSecond / signAlonePem.messagesPerSecond,
  )
  return { ...row, ratioToPem: rounded(median(toPem)) }
}

function acceptRow(name: string, rounds: readonly Round[], of: Pick1, peer: Pick1): Row {
  const rates = rounds.map((round) => of(round).acceptedPerSecond)
  return {
    name,
    messagesPerSecond: rounded(median(rates)),
    cpuMsPerMessage: rounded(median(rounds.map((round) => of(round).cpuMsPerAccepted))),
    ...common(rounds.map(of)),
    ratio: rounded(
      median(rounds.map((round) => of(round).acceptedPerSecond / peer(round).acceptedPerSecond)),
    ),
    range: rangeOf(rates),
  }
}

function common(runs: readonly Relayed[]): Pick<Row, 'peakRssMiB' | 'loadCpuMsPerMessage' | 'others'> {
  const others = runs.flatMap((run) => (run.others === undefined ? [] : [run.others]))
  return {
    peakRssMiB: rounded(Math.max(...runs.map((run) => run.peakRssMiB))),
    loadCpuMsPerMessage: rounded(median(runs.map((run) => run.loadCpuMsPerMessage))),
    ...(others.length === 0 ? {} : { others: rounded(Math.max(...others)) }),
  }
}

function signRow(name: string, runs: readonly Signing[]): Row {
  const rates = runs.map((run) => run.messagesPerSecond)
  return {
    name,
    messagesPerSecond: rounded(median(rates)),
    cpuMsPerMessage: rounded(median(runs.map((run) => run.cpuMsPerMessage))),
    peakRssMiB: rounded(Math.max(...runs.map((run) => run.peakRssMiB))),
    ratio: 1,
    range: rangeOf(rates),
  }
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  return [rounded(Math.min(...values)), rounded(Math.max(...values))]
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}

/** Four significant digits: no run repeats more. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

/** For people. */
export function tableOf(rows: readonly Row[]): string {
  const head = [
    '',
    'messages/s',
    'slowest–fastest',
    'CPU ms',
    'RSS MiB',
    'ratio',
    'to PEM',
    'load CPU ms',
    'others',
  ]
  const lines = rows.map((row) => [
    row.name,
    Math.round(row.messagesPerSecond).toString(),
    row.range.map(Math.round).join('–'),
    row.cpuMsPerMessage.toFixed(3),
    row.peakRssMiB.toFixed(0),
    row.ratio.toFixed(2),
    row.ratioToPem?.toFixed(2) ?? '',
    row.loadCpuMsPerMessage?.toFixed(3) ?? '',
    row.others === undefined ? '' : `${Math.round(row.others * 100)} %`,
  ])
  const width = (i: number): number => Math.max(...[head, ...lines].map((line) => line[i]?.length ?? 0))
  const show = (line: readonly string[]): string =>
    line.map((text, i) => (i === 0 ? text.padEnd(width(i)) : text.padStart(width(i)))).join('  ')
  return [head, ...lines].map(show).join('\n')
}
