/**
 * Plays dialogues/*.txt against a node in memory. A line `$ hikyaku …` is run; the lines up to the next one are what it
 * prints, `! ` before those of standard error, and `[64]` when it ends with that code. `…` stands for any text, and a
 * line of it alone for any lines. Dialogues of one file are parted by `---`, and each has a node of its own.
 */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, basename } from 'node:path'
import { test } from 'node:test'

import { pretendNode, runPretend } from './pretend-node.ts'
import type { Ran } from './pretend-node.ts'

for (const file of globSync(join(import.meta.dirname, 'dialogues/*.txt')).toSorted()) {
  for (const dialogue of readFileSync(file, 'utf8').split(/^---\n/m)) {
    const [title = '', ...turns] = dialogue.split(/^\$ hikyaku ?/m)
    test(`${basename(file, '.txt')}: ${title.trim()}`, async () => {
      const { operations } = await pretendNode()
      assert.ok(turns.length > 0, 'nothing is run')
      for (const turn of turns) {
        const [line = '', ...expected] = turn.split('\n')
        const said = transcript(await runPretend(words(line), operations))
        if (!patternOf(expected).test(said)) assert.equal(said, expected.join('\n').trimEnd(), line)
      }
    })
  }
}

function transcript({ code, out, err }: Ran): string {
  const complaints = err.replaceAll(/^(?=.)/gm, '! ')
  return `${out}${complaints}${code === 0 ? '' : `[${code}]`}`.trimEnd()
}

/** As a shell would part them: quotes hold words together. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  )
}

function patternOf(lines: readonly string[]): RegExp {
  const whole = lines.join('\n').trimEnd()
  const parts = whole.split(/^…$/m).map((part) =>
    part
      .split('…')
      .map((text) => RegExp.escape(text))
      .join('.*'),
  )
  return new RegExp(`^${parts.join('[^]*')}$`)
}
