/**
 * How one place of a template is written: as Liquid would, and where there is nothing but a name, without asking it. A
 * letter has many such places and goes to thousands; Liquid makes a context and runs a generator for each: 88 of them in
 * 7 KB of text and HTML were measured at 10 µs so, and at 700 by Liquid.
 */

import { Output, TypeGuards } from 'liquidjs'
import type { Liquid, Template as Parsed } from 'liquidjs'

export type Variables = Readonly<Record<string, unknown>>

/** Gives what the text becomes with `variables`; `at` is the time for filters that ask. @throws {Error} what Liquid throws */
export type Write = (variables: Variables, at: number) => string

/** Where filters find the time of the message; no name of a variable is like it. */
export const AT = ' at'

/** What one tag leaves for the others: then all of them are Liquid's. */
const STATEFUL =
  /\{%-?\s*(?:assign|capture|increment|decrement|cycle|break|continue|ifchanged|liquid|echo|tablerow)\b/

/** Each is bounded by itself: so many at most. */
const ASKED = 20

export type WriterOptions = {
  readonly liquid: Liquid
  /** What a name brings is escaped, unless it says `raw`. */
  readonly escapes: boolean
  /** Milliseconds of all that Liquid is asked for together. */
  readonly time: number
}

/** @throws {Error} when Liquid cannot read it */
export function writerOf(text: string, options: WriterOptions): Write {
  const { liquid } = options
  const parsed: Parsed[] = liquid.parse(text)
  if (!text.includes('{{') && !text.includes('{%')) return () => text
  const whole: Write = (variables, at) => String(liquid.renderSync(parsed, variables, globals(at)))
  if (STATEFUL.test(text)) return whole
  const steps = parsed.map((one) => stepOf(one, options))
  return steps.filter(({ kind }) => kind === 'asked').length > ASKED ? whole : together(steps, options)
}

type Step =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name'; readonly name: string; readonly escapes: boolean; readonly ask: Write }
  | { readonly kind: 'asked'; readonly ask: Write }

function together(steps: readonly Step[], { time }: WriterOptions): Write {
  return (variables, at) => {
    let out = ''
    let began: number | undefined
    for (const step of steps) {
      switch (step.kind) {
        case 'text':
          out += step.text
          break
        case 'name':
          out += named(step, variables, at)
          break
        case 'asked':
          began ??= performance.now()
          out += step.ask(variables, at)
          if (performance.now() - began > time) throw new Error('template render limit exceeded')
      }
    }
    return out
  }
}

function named(
  { name, escapes, ask }: Extract<Step, { readonly kind: 'name' }>,
  variables: Variables,
  at: number,
): string {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined
  if (typeof value === 'string') return escapes ? escaped(value) : value
  if (value === undefined || value === null) return ''
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ask(variables, at)
}

const SPECIAL = /[&<>"']/g
const ENTITY: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(SPECIAL, (character) => ENTITY[character] ?? character)
}

function stepOf(parsed: Parsed, { liquid, escapes }: WriterOptions): Step {
  if ('str' in parsed && typeof parsed.str === 'string') return { kind: 'text', text: parsed.str }
  const ask: Write = (variables, at) => String(liquid.renderSync([parsed], variables, globals(at)))
  const name = parsed instanceof Output ? nameIn(parsed) : undefined
  if (name === undefined || !(parsed instanceof Output)) return { kind: 'asked', ask }
  const [filter, ...more] = parsed.value.filters
  // Where everything is escaped, that is the one filter of a mere name; or `raw` is, which leaves it as it is.
  if (more.length > 0 || (filter !== undefined) !== escapes) return { kind: 'asked', ask }
  if (filter !== undefined && filter.name === 'raw') return { kind: 'name', name, escapes: false, ask }
  return { kind: 'name', name, escapes, ask }
}

/** Of `{{ name }}`. */
function nameIn({ value: { initial } }: Output): string | undefined {
  const [token, ...more] = initial.postfix
  if (more.length > 0 || !TypeGuards.isPropertyAccessToken(token) || token.variable !== undefined)
    return undefined
  const [prop, ...props] = token.props
  if (props.length > 0 || prop === undefined || !TypeGuards.isWordToken(prop)) return undefined
  return prop.content
}

function globals(at: number): { readonly globals: object } {
  return { globals: { [AT]: at } }
}
