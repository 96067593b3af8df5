/** The metrics of one thread: plain numbers behind handles, and what of them travels to the main thread. */

import type { MetricObjectWithValues, MetricValueWithName } from 'prom-client'

import type {
  AnyDeclaration,
  CounterDeclaration,
  GaugeDeclaration,
  HistogramDeclaration,
} from './declaration.ts'

/** prom-client's own form, which survives a structured clone. */
export type Snapshot = readonly MetricObjectWithValues<MetricValueWithName<string>>[]

export type Labels<Label extends string> = { readonly [L in Label]: string }

/** One number. Keep it where it is used often: finding it by labels costs more than counting. */
export class Cell {
  value = 0
  add(amount = 1): void {
    this.value += amount
  }
}

export class GaugeCell extends Cell {
  set(value: number): void {
    this.value = value
  }
}

export class HistogramCell {
  /** Per bucket, not cumulative; the last is beyond all bounds. */
  readonly counts: Float64Array
  sum = 0
  readonly #bounds: readonly number[]
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }
  observe(value: number): void {
    const bounds = this.#bounds
    let i = 0
    while (i < bounds.length && value > (bounds[i] ?? 0)) i += 1
    this.counts[i] = (this.counts[i] ?? 0) + 1
    this.sum += value
  }
}

type CellOf<D> = D extends HistogramDeclaration
  ? HistogramCell
  : D extends GaugeDeclaration
    ? GaugeCell
    : D extends CounterDeclaration
      ? Cell
      : never

type LabelOf<D> = D extends { readonly labels: readonly (infer L extends string)[] } ? L : never

/** Without labels the cell itself; with labels a function that finds the cell. */
export type Handle<D> = [LabelOf<D>] extends [never] ? CellOf<D> : (labels: Labels<LabelOf<D>>) => CellOf<D>

export type Handles<D> = { readonly [K in keyof D]: Handle<D[K]> }

/** Label values come from remote hosts at times: beyond so many per metric, the rest share one, `other`. */
const CELLS = 2000

type AnyCell = Cell | HistogramCell
type Family = {
  readonly declaration: AnyDeclaration
  readonly cells: Map<string, { labels: Labels<string>; cell: AnyCell }>
}

export class MetricsRegistry {
  readonly #families = new Map<string, Family>()
  readonly #collectors: (() => void)[] = []

  /** The handles of one room's declarations. Asked twice for a metric, both count into the same cells. */
  register<const D extends Readonly<Record<string, AnyDeclaration>>>(declarations: D): Handles<D> {
    const entries = Object.entries(declarations).map(([key, declaration]) => [key, this.#handle(declaration)])
    return Object.fromEntries(entries) as Handles<D>
  }

  /** `collect` sets gauges just before each snapshot. */
  beforeSnapshot(collect: () => void): void {
    this.#collectors.push(collect)
  }

  snapshot(): Snapshot {
    for (const collect of this.#collectors) collect()
    return [...this.#families.values()].map(asObject)
  }

  #handle(declaration: AnyDeclaration): AnyCell | ((labels: Labels<string>) => AnyCell) {
    const family = this.#families.getOrInsert(declaration.name, { declaration, cells: new Map() })
    if (declaration.labels.length === 0) return cellOf(family, {})
    return (labels) => cellOf(family, labels)
  }
}

function cellOf(family: Family, labels: Labels<string>): AnyCell {
  const { declaration, cells } = family
  const key = keyOf(declaration, labels)
  const known = cells.get(key)
  if (known !== undefined) return known.cell
  if (cells.size < CELLS) return addCell(family, key, { ...labels })
  const other = Object.fromEntries(declaration.labels.map((name) => [name, 'other']))
  const otherKey = keyOf(declaration, other)
  return cells.get(otherKey)?.cell ?? addCell(family, otherKey, other)
}

function keyOf({ labels: names }: AnyDeclaration, labels: Labels<string>): string {
  let key = ''
  for (const name of names) key += `${labels[name]}\u0000`
  return key
}

function addCell({ declaration, cells }: Family, key: string, labels: Labels<string>): AnyCell {
  const cell = newCell(declaration)
  cells.set(key, { labels, cell })
  return cell
}

function newCell(declaration: AnyDeclaration): AnyCell {
  switch (declaration.kind) {
    case 'counter':
      return new Cell()
    case 'gauge':
      return new GaugeCell()
    case 'histogram':
      return new HistogramCell(declaration.buckets)
  }
}

type Value = {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly metricName?: string
}

function asObject({ declaration, cells }: Family): Snapshot[number] {
  const { name, help, kind } = declaration
  const values = [...cells.values()].flatMap(({ labels, cell }): Value[] =>
    cell instanceof HistogramCell && declaration.kind === 'histogram'
      ? histogramValues(declaration, labels, cell)
      : [{ labels, value: cell instanceof Cell ? cell.value : 0 }],
  )
  const aggregator = declaration.kind === 'gauge' ? declaration.over : 'sum'
  // prom-client declares its type for `type` as an enum of numbers, and works with these words.
  return { name, help, type: kind, aggregator, values } as unknown as Snapshot[number]
}

function histogramValues(
  { name, buckets }: HistogramDeclaration,
  labels: Labels<string>,
  cell: HistogramCell,
): Value[] {
  let below = 0
  const cumulative = [...buckets, '+Inf'].map((le, i) => {
    below += cell.counts[i] ?? 0
    return { labels: { le, ...labels }, value: below, metricName: `${name}_bucket` }
  })
  return [
    ...cumulative,
    { labels: { ...labels }, value: cell.sum, metricName: `${name}_sum` },
    { labels: { ...labels }, value: below, metricName: `${name}_count` },
  ]
}
