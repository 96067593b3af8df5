/** Requests held to their schemas, which are closed: what nobody reads is a mistake, and is told as one. */

import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Settings } from 'typebox/system'

import { Problem } from './problem.ts'
import type { Place } from './problem.ts'

/** Mistakes told at once. */
const TOLD = 20

// One mistake in a choice of alternatives is one error for each of them, and for the choice.
Settings.Set({ maxErrors: TOLD * 5 })

/** Values of a query are text, and become what the schema says; bodies are taken as they are. */
export const compileSchema: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema)
  const isText = httpPart !== 'body'
  return (data: unknown) => {
    const value = isText ? compiled.Convert(data) : data
    if (compiled.Check(value)) return { value }
    return {
      error: new Problem('invalid', 'See errors for what is wrong, and where.', {
        places: placesOf(compiled.Errors(value)),
      }),
    }
  }
}

type SchemaError = ReturnType<ReturnType<typeof Compile>['Errors']>[number]

/**
 * The innermost are the cause: that a list is no text says nothing where something in the list is wrong. Of one place
 * the first is told.
 */
export function placesOf(errors: readonly SchemaError[]): readonly Place[] {
  const told = new Map<string, string>()
  for (const error of errors) {
    const place = placeOf(error)
    if (place !== undefined && !told.has(place.pointer)) told.set(place.pointer, place.detail)
  }
  const all = Array.from(told, ([pointer, detail]) => ({ pointer, detail }))
  const inner = all.filter(({ pointer }) => !all.some((other) => other.pointer.startsWith(`${pointer}/`)))
  return inner.slice(0, TOLD)
}

/** In words for who wrote the request; others are in the library's. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['boolean', 'there is no such field'],
  ['pattern', 'has characters that cannot be here'],
])

/** Each unknown field has an error of its own, and each alternative says better what is wrong, and where. */
const REPEATS: ReadonlySet<string> = new Set(['additionalProperties', 'anyOf'])

function placeOf({ keyword, instancePath, params, message }: SchemaError): Place | undefined {
  if (REPEATS.has(keyword)) return undefined
  const pointer = `#${instancePath}`
  if (keyword !== 'required') return { pointer, detail: WORDS.get(keyword) ?? message }
  const { requiredProperties = [] } = params as { requiredProperties?: readonly string[] }
  return { pointer, detail: `${requiredProperties.join(', ')}: missing` }
}
