/** Metrics as data. Each room declares its own in a file metrics.ts; docs/metrics.md is made from them. */

export type Declaration<Kind extends string = string, Label extends string = string> = {
  readonly kind: Kind
  readonly name: string
  readonly help: string
  readonly labels: readonly Label[]
}

export type CounterDeclaration<Label extends string = string> = Declaration<'counter', Label>

export type GaugeDeclaration<Label extends string = string> = Declaration<'gauge', Label> & {
  /** How the values of several threads become one. */
  readonly over: 'sum' | 'max' | 'min' | 'average'
}

export type HistogramDeclaration<Label extends string = string> = Declaration<'histogram', Label> & {
  /** Upper bounds, ascending; beyond the last is `+Inf`. */
  readonly buckets: readonly number[]
}

export type AnyDeclaration = CounterDeclaration | GaugeDeclaration | HistogramDeclaration

type About<Label extends string> = {
  readonly name: `hikyaku_${string}`
  readonly help: string
  readonly labels?: readonly Label[]
}

/** Only ever grows. Its name ends in `_total`. */
export function counter<const Label extends string = never>(
  about: About<Label> & { readonly name: `hikyaku_${string}_total` },
): CounterDeclaration<Label> {
  return { kind: 'counter', name: about.name, help: about.help, labels: about.labels ?? [] }
}

/** A value that goes up and down. */
export function gauge<const Label extends string = never>(
  about: About<Label> & { readonly over?: GaugeDeclaration['over'] },
): GaugeDeclaration<Label> {
  const { name, help, labels = [], over = 'sum' } = about
  return { kind: 'gauge', name, help, labels, over }
}

/** How values spread; in base units: seconds, bytes. */
export function histogram<const Label extends string = never>(
  about: About<Label> & { readonly buckets: readonly number[] },
): HistogramDeclaration<Label> {
  const { name, help, labels = [], buckets } = about
  return { kind: 'histogram', name, help, labels, buckets }
}

/** Seconds, from a fast reply on a local network to the longest stage of SMTP. RFC 5321 §4.5.3.2.6 */
export const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 600] as const
