/** Types of TypeScript for schemas, as text. Those with a title are declared once, under it. */

export type Schema = {
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
}

export class Types {
  /** By its title: the schema as JSON, and the declaration. */
  readonly #named = new Map<string, { readonly json: string; readonly text: string }>()

  /** The name of the type, or the type itself. */
  of(schema: Schema): string {
    const { title } = schema
    if (title === undefined || !/^[A-Z]\w*$/.test(title)) return this.#inline(schema)
    const json = JSON.stringify(schema)
    const known = this.#named.get(title)
    if (known !== undefined && known.json !== json) return this.#inline(schema)
    if (known === undefined) {
      // Before what is inside it, which may be called the same.
      this.#named.set(title, { json, text: '' })
      this.#named.set(title, { json, text: `export type ${title} = ${this.#inline(schema)}` })
    }
    return title
  }

  /** Declared under its title, or else under `name`; what is no object is the type itself. */
  named(name: string, schema: Schema): string {
    const isNamed = schema.title !== undefined || schema.properties === undefined
    return this.of(isNamed ? schema : { ...schema, title: name })
  }

  /** By name. */
  declared(): readonly { readonly name: string; readonly text: string }[] {
    const all = Array.from(this.#named, ([name, { text }]) => ({ name, text }))
    return all.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  #inline(schema: Schema): string {
    const { enum: values, anyOf, oneOf, type } = schema
    if ('const' in schema) return JSON.stringify(schema.const)
    if (values !== undefined) return union(values.map((value) => JSON.stringify(value)))
    const choices = anyOf ?? oneOf
    if (choices !== undefined) return union(choices.map((choice) => this.of(choice)))
    if (typeof type === 'string') return this.#typed(type, schema)
    if (type !== undefined) return union(type.map((each) => this.#typed(each, schema)))
    return 'unknown'
  }

  #typed(type: string, schema: Schema): string {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
        return type
      case 'integer':
      case 'number':
        return 'number'
      case 'array':
        return `readonly (${this.of(schema.items ?? {})})[]`
      case 'object':
        return this.#object(schema)
      default:
        throw new Error(`no type for ${type}`)
    }
  }

  #object({ properties = {}, required = [], patternProperties = {}, additionalProperties }: Schema): string {
    const named = Object.entries(properties).map(([name, schema]) => {
      const about = schema.description === undefined ? '' : `${comment(schema.description)}\n`
      const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name)
      const type = this.of(schema)
      return required.includes(name)
        ? `${about}readonly ${key}: ${type}`
        : `${about}readonly ${key}?: ${type === 'unknown' ? type : `${type} | undefined`}`
    })
    const others = Object.values(patternProperties)
    if (typeof additionalProperties === 'object') others.push(additionalProperties)
    if (named.length > 0) {
      const object = `{\n${named.join('\n')}\n}`
      return additionalProperties === true ? `(${object} & Readonly<Record<string, unknown>>)` : object
    }
    if (others.length > 0) return `Readonly<Record<string, ${union(others.map((each) => this.of(each)))}>>`
    return additionalProperties === false
      ? 'Readonly<Record<string, never>>'
      : 'Readonly<Record<string, unknown>>'
  }
}

/** What takes anything beside something says which something is meant. */
function union(types: readonly string[]): string {
  const all = [...new Set(types)]
  const known = all.filter((type) => type !== 'unknown')
  return (known.length > 0 ? known : all).join(' | ') || 'never'
}

function comment(text: string): string {
  return `/** ${text.replaceAll('*/', '* /').replaceAll('\n', ' ')} */`
}
