/** `message explain`: why deliveries wait, or what became of them, in words. */

import type { Command } from 'commander'

import type { Delivery } from '#engine/spool'
import { formatMailbox } from '#grammar/address'
import { tell } from '#product/explanation'
import type { Language, Told } from '#product/explanation'
import type { Explained } from '#product/operation'

import { answer, deliveryArgument, example } from './command.ts'
import type { Run } from './command.ts'
import type { Words } from './held-back.ts'
import { CliError } from './host.ts'
import { languageFor } from './language.ts'
import { harmless, width } from './text.ts'

export function explainCommand(message: Command, run: Run): void {
  const command = message
    .command('explain')
    .description('why each delivery waits or what became of it, until when, and what would change it')
    .argument('<id>', 'of a message, or of one delivery')
    .action(async (text: string, _options: object, self: Command) => {
      await answer(run, self, async (node) => {
        const { message: id, n } = deliveryArgument(text)
        const explained = await node.explain({ id, ...(n === undefined ? {} : { n }) })
        if (explained === null)
          throw new CliError('missing', `there is no ${text}: it never was, or its record has expired`)
        const words = { language: languageFor(run, self), now: run.host.now() }
        return { value: explained, text: explained.deliveries.map((one) => describe(one, words)).join('\n') }
      })
    })
  example(command, 'hikyaku message explain 0ab3xk9m2pq', 'hikyaku message explain 0ab3xk9m2pq.0 --lang ja')
}

const LABELS: {
  readonly [K in Language]: readonly [what: string, said: string, until: string, change: string]
} = {
  en: ['what', 'answer', 'until', 'change'],
  ja: ['状況', '応答', 'いつまで', '変えるには'],
}

function describe(
  { delivery, pool, reasons }: Explained['deliveries'][number],
  { language, now }: Words,
): string {
  const name = `${delivery.key.message}.${delivery.key.n}`
  const blocks = reasons.map((reason) => block(tell(reason, language, { name, now }), language))
  return head(name, delivery, pool) + blocks.join('\n')
}

function head(name: string, { to, state, queue }: Delivery, pool: string | undefined): string {
  const from = pool === undefined ? '' : `  pool ${pool}`
  return `${harmless(`${name}  ${formatMailbox(to)}  ${state}  [${queue}]${from}`)}\n`
}

/** What there is to say, each behind its label. */
function block({ what, said, meaning, until, change }: Told, language: Language): string {
  const labels = LABELS[language]
  const gap = Math.max(...labels.map(width)) + 2
  const [label, saidLabel, untilLabel, changeLabel] = labels
  const lines = [
    [label, what],
    [saidLabel, said],
    [said === '' ? saidLabel : '', meaning],
    [untilLabel, until],
    [changeLabel, change],
  ] as const
  return lines
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `  ${name}${' '.repeat(gap - width(name))}${harmless(text)}\n`)
    .join('')
}
