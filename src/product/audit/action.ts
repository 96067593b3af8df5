/** What was done, in one vocabulary for every door: `suppression.add`, `api-key.revoke`, `sign-in`. */

const VERBS: ReadonlySet<string> = new Set([
  'add',
  'remove',
  'change',
  'revoke',
  'end',
  'move',
  'rotate',
  'activate',
  'cancel',
  'extend',
  'set',
  'hold',
  'release',
  'retry',
  'confirm',
  'verify',
])

/** From the name of a function of a door, `addSuppressions` or `suppressionAdd`. */
export function actionOf(name: string): string {
  const words = name
    .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim()
    .split(' ')
  const [first = '', ...rest] = words
  const last = words.at(-1) ?? ''
  if (rest.length > 0 && VERBS.has(first)) return `${thing(rest)}.${first}`
  if (rest.length > 0 && VERBS.has(last)) return `${thing(words.slice(0, -1))}.${last}`
  return words.join('-')
}

/** One, or many. */
function thing(words: readonly string[]): string {
  return words.join('-').replace(/(?<!s)s$/, '')
}
