/** The part of a document that is made by a script, between two marks. */

const BEGIN = '<!-- made by `npm run documents -- --write` -->\n'
const END = '<!-- end -->'

/** `text` with `made` between the marks. @throws {Error} when `text` does not have both */
export function between(name: string, text: string, made: string): string {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END, begin)
  if (begin < 0 || end < 0) throw new Error(`${name} does not hold ${BEGIN.trim()} and ${END}`)
  return `${text.slice(0, begin + BEGIN.length)}\n${made.trim()}\n\n${text.slice(end)}`
}
