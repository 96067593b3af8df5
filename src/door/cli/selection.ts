/** The options by which an operator says which deliveries are meant. */

import type { Command } from 'commander'

import type { DeliveryFilter, DeliveryState } from '#engine/spool'
import { DELIVERY_STATES } from '#product/operation'

import { CliError } from './host.ts'
import { timeArgument } from './period.ts'

export type Selection = {
  readonly state?: readonly DeliveryState[]
  readonly to?: string
  readonly from?: string
  readonly queue?: string
  readonly organization?: string
  readonly stream?: string
  readonly campaign?: string
  readonly tag?: string
  readonly subject?: string
  readonly class?: string
  readonly since?: number
  readonly until?: number
}

export function selecting(command: Command): Command {
  return command
    .option('--state <states>', `in these states, separated by commas: ${DELIVERY_STATES.join(', ')}`, states)
    .option('--to <address>', 'to this recipient, or to @domain')
    .option('--from <address>', 'from this reverse-path')
    .option('--queue <organization/stream/domain>', 'of one scheduled queue')
    .option('--organization <name>', 'of one organization')
    .option('--stream <name>', 'of one stream')
    .option('--campaign <name>', 'of one campaign, as its messages name it')
    .option('--tag <tag>', 'with this tag')
    .option('--subject <text>', 'with this somewhere in the subject')
    .option('--class <class>', 'not taken for this reason, at the last attempt or as it came back')
    .option('--since <time>', 'of messages that came in then or later', timeArgument)
    .option('--until <time>', 'and before then', timeArgument)
}

/** Given once with commas, or several times; not as several words, which would swallow ids that follow. */
function states(text: string, before: readonly DeliveryState[] = []): readonly DeliveryState[] {
  return [...before, ...text.split(',').map(stateOf)].filter((one, i, all) => all.indexOf(one) === i)
}

function stateOf(text: string): DeliveryState {
  const state = DELIVERY_STATES.find((one) => one === text.trim())
  if (state === undefined)
    throw new CliError(
      'usage',
      `--state takes ${DELIVERY_STATES.join(', ')}, separated by commas, not ${text}`,
    )
  return state
}

export function filterOf({
  state,
  to,
  from,
  queue,
  organization,
  stream,
  campaign,
  ...labels
}: Selection): DeliveryFilter {
  return {
    ...(state === undefined ? {} : { states: state }),
    ...(to === undefined ? {} : { recipient: to }),
    ...(from === undefined ? {} : { sender: from }),
    ...(queue === undefined ? {} : { queue }),
    ...(organization === undefined ? {} : { organization }),
    ...(stream === undefined ? {} : { stream }),
    ...(campaign === undefined ? {} : { campaign }),
    ...labelled(labels),
  }
}

type Labelled = 'tag' | 'subject' | 'class' | 'since' | 'until'

function labelled({ tag, subject, class: name, since, until }: Pick<Selection, Labelled>): DeliveryFilter {
  return {
    ...(tag === undefined ? {} : { tag }),
    ...(subject === undefined ? {} : { subject }),
    ...(name === undefined ? {} : { class: name }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  }
}
