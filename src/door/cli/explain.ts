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
  return head(name, delivery, { pool, language }) + blocks.join('\n')
}

function head(
  name: string,
  { to, state, queue }: Delivery,
  { pool, language }: { readonly pool: string | undefined; readonly language: Language },
): string {
  const words = HEADS[language]
  const from = pool === undefined ? '' : `  ${words.pool} ${pool}`
  return `${harmless(`${name}  ${formatMailbox(to)}  ${words.states[state]}  [${queue}]${from}`)}\n`
}

type Heads = {
  readonly states: { readonly [K in Delivery['state']]: string }
  readonly pool: string
}

/** In English the words of the data, as `message list` has them. */
const HEADS: { readonly [K in Language]: Heads } = {
  en: {
    states: {
      waiting: 'waiting',
      active: 'active',
      held: 'held',
      delivered: 'delivered',
      bounced: 'bounced',
      expired: 'expired',
      cancelled: 'cancelled',
    },
    pool: 'pool',
  },
  ja: {
    states: {
      waiting: '待機中',
      active: '処理中',
      held: '保留中',
      delivered: '配送済み',
      bounced: '不達',
      expired: '期限切れ',
      cancelled: '取り消し',
    },
    pool: 'プール',
  },
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
