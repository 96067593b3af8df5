/** What a configuration can be made of, as data: from it come the types, the checks, the messages and the document. */

/** What a key's written value became, or what it should have been. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly expected: string }

/** What is known before the first key is read. */
export type Around = {
  readonly hostname: string
  readonly nodeName: string
  readonly stateDirectory?: string
  /** Where the configuration file lies; absent: there is none. */
  readonly configDirectory?: string
}

/** One scalar or list of scalars. */
export type Key<T, Optional extends boolean = boolean> = {
  readonly node: 'key'
  /** For people: `duration`, `size`, `number` … */
  readonly type: string
  readonly is: string
  readonly optional: Optional
  /** As it would be written in TOML. A function where it depends on the machine; `defaultIs` then tells what it gives. */
  readonly initial?: unknown
  readonly defaultIs?: string
  readonly example?: unknown
  /** May also be given as the name of a file that holds it, in `<key>_file`. */
  readonly secret: boolean
  /** What an environment variable's text would be in TOML. */
  readonly fromText: (text: string) => unknown
  readonly parse: (written: unknown) => Parsed<T>
}

export type Nodes = { readonly [name: string]: Node }
export type Table<N extends Nodes = Nodes> = { readonly node: 'table'; readonly is: string; readonly keys: N }
/** `[listeners.submission]`: tables with a name each, which becomes `name`. */
export type Named<N extends Nodes = Nodes> = {
  readonly node: 'named'
  readonly is: string
  readonly keys: N
  /** What there is when the operator declares none, as in TOML. */
  readonly initial: { readonly [name: string]: { readonly [key: string]: unknown } }
  /** Defaults of one table that follow from what is written in it and its name, before those of its keys. */
  readonly defaults: (written: Written, name: string) => Written
}
/** As in TOML. */
export type Written = { readonly [key: string]: unknown }
/** `[[routes]]`: tables in order, none by default. */
export type Rows<N extends Nodes = Nodes> = { readonly node: 'rows'; readonly is: string; readonly keys: N }
export type Node = Key<unknown> | Table | Named | Rows

/** The value that a node gives. */
export type Value<N> =
  N extends Key<infer T>
    ? T
    : N extends Table<infer Keys>
      ? Values<Keys>
      : N extends Named<infer Keys>
        ? readonly ({ readonly name: string } & Values<Keys>)[]
        : N extends Rows<infer Keys>
          ? readonly Values<Keys>[]
          : never

export type Values<N extends Nodes> = {
  readonly [K in keyof N as N[K] extends Key<unknown, true> ? never : K]: Value<N[K]>
} & { readonly [K in keyof N as N[K] extends Key<unknown, true> ? K : never]?: Value<N[K]> }

export function table<const N extends Nodes>(is: string, keys: N): Table<N> {
  return { node: 'table', is, keys }
}

export function named<const N extends Nodes>(
  is: string,
  keys: N,
  initial: Named['initial'],
  defaults: Named['defaults'] = () => ({}),
): Named<N> {
  return { node: 'named', is, keys, initial, defaults }
}

export function rows<const N extends Nodes>(is: string, keys: N): Rows<N> {
  return { node: 'rows', is, keys }
}

/** `connectionsPerAddress` in code is `connections_per_address` in TOML. */
export function written(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
