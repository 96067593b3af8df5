/** What limits and reactions hold back, in English. */

import { OTHERS } from '#engine/rule'
import type { Limit, Live, WarmUpState } from '#engine/shaping'

import { countedIn, limitPlace, reactionPlace, ruleLine } from './shaping-place.ts'
import { signIn, signShortIn } from './sign.ts'
import { round, span } from './span.ts'
import type { OfPath } from './reason.ts'
import type { Sentences, ShapingReasons } from './wording.ts'

export const ENGLISH_SHAPING: ShapingReasons = {
  connections: (reason) => (reason.limit === 'all' ? ofNode(reason) : inUse(reason)),
  'opening-paced': ({ source, site, rule, until }, { at, due }) => ({
    brief: `${source}: ${rateOf(rule, 'connection')}, next ${due(until)}${by(rule)}`,
    what: `No more than ${rateOf(rule, 'connection')} may be opened from source ${source} to ${whereTo(rule, site)}${by(rule)}, and all of them have been.`,
    until: `the next may be opened at ${at(until)}, or one that stands is free`,
    change: changeOf(rule),
  }),
  paced: ({ source, site, rule, until }, { at, due }) => ({
    brief: `${source}: ${rateOf(rule, 'message')}, next ${due(until)}${by(rule)}`,
    what: `No more than ${rateOf(rule, 'message')} may go from source ${source} to ${whereTo(rule, site)}${by(rule)}.`,
    until: `the next may go at ${at(until)}`,
    change: changeOf(rule),
  }),
  warming: ({ source, warmUp, whenFull, until }, { at, due }) => ({
    brief: `${source}: warm-up step ${warmUp.step ?? 0}${slowedBriefly(warmUp)}, ${warmUp.limit ?? 0} today to ${receivers(warmUp)} have gone, on again ${due(until)}`,
    what: `Source ${source} is being warmed up at ${receivers(warmUp)}: step ${warmUp.step ?? 0} of ${warmUp.steps} allows ${warmUp.limit ?? 0} messages on a day, and that many have gone on ${day(until)} (UTC).${slowed(warmUp)}${whenFull === 'wait' ? ' What is left waits for it (warm_up.when_full).' : ''}`,
    until: at(until),
    change: `"hikyaku warm-up set ${source} ${warmUp.provider} --step ${(warmUp.step ?? 0) + 1}" allows more, if the receiver does; another source in the pool takes what is left${whenFull === 'wait' ? ', once warm_up.when_full is "overflow"' : ''}.`,
  }),
  slowed: ({ source, site, perMinute, until, reaction }, { at, due }) => ({
    brief: `${source}: slowed to ${round(perMinute)} a minute, next ${due(until)} (${reactionPlace(reaction)}): ${reaction.cause.attempt.text}`,
    what: `Because of the answer below, source ${source} sends slowly to ${site}: now ${round(perMinute)} ${perMinute === 1 ? 'message' : 'messages'} a minute, rising evenly again (${reactionPlace(reaction)}).`,
    until: `the next may go at ${at(until)}; the reaction ends at ${at(reaction.until)}`,
    change: undo(reaction),
  }),
  single: ({ source, site, reaction }, { at, due }) => ({
    brief: `${source}: one connection only, until ${due(reaction.until)} (${reactionPlace(reaction)}): ${reaction.cause.attempt.text}`,
    what: `Because of the answer below, there is only one connection from source ${source} to ${site}, and it is in use (${reactionPlace(reaction)}).`,
    until: `it is free; the reaction ends at ${at(reaction.until)}`,
    change: undo(reaction),
  }),
  suspended: ({ source, site, reaction }, { at, due }) => ({
    brief: `${source}: suspended, on again ${due(reaction.until)} (${reactionPlace(reaction)}): ${reaction.cause.attempt.text}`,
    what:
      reaction.act.do === 'reroute'
        ? `Because of the answer below, nothing goes from source ${source} to ${site}, and source ${reaction.act.to} takes over (${reactionPlace(reaction)}).`
        : `Because of the answer below, nothing goes from source ${source} to ${site} (${reactionPlace(reaction)}).`,
    until: at(reaction.until),
    change: undo(reaction),
  }),
  'stream-paused': ({ source, site, reaction }, { at, due }) => ({
    brief: `${source}: ${streamOf(reaction)} paused, on again ${due(reaction.until)} (${reactionPlace(reaction)})`,
    what: `No mail of ${streamOf(reaction)} goes from source ${source} to ${site} (${reactionPlace(reaction)})${unknown(reaction)}.`,
    until: at(reaction.until),
    change: `Remove the addresses that do not exist from the list. ${undo(reaction)}`,
  }),
  'campaign-held': ({ reaction }, { at, due }) => ({
    brief: `${campaignOf(reaction)} held, until ${due(reaction.until)} (${reactionPlace(reaction)}): ${reaction.cause.attempt.text}`,
    what: `A reply has held ${campaignOf(reaction)}, wherever it would go (${reactionPlace(reaction)}).`,
    until: at(reaction.until),
    change: `${undo(reaction)} "hikyaku message release" lets single messages go.`,
  }),
}

type Full = Extract<OfPath, { readonly at: 'connections' }>

function ofNode({ source, site, connections }: Full): Sentences {
  return {
    brief: `${source}: the node may have no more connections`,
    what: `The node has all the connections it may have, ${connections} of them from source ${source} to ${site}.`,
    until: 'one of them is free',
    change: 'egress.connections allows more.',
  }
}

function inUse({ source, site, limit, connections, rule }: Full): Sentences {
  const n = rule?.value ?? connections
  const provider = limit === 'path' ? undefined : (rule?.provider ?? '')
  const where = provider === undefined ? site : `all sites of ${provider}`
  const to = provider === undefined ? '' : ` to ${provider}`
  const change = changeOf(rule)
  if (n === 1)
    return {
      brief: `${source}: ${provider === undefined ? 'its' : 'the'} one connection${to} is in use${by(rule)}`,
      what: `The one connection from source ${source} to ${where} is in use${by(rule)}.`,
      until: 'it is free',
      change,
    }
  const own = provider === undefined ? '' : `, ${connections} of them to ${site}`
  return {
    brief: `${source}: all ${n} connections${to} are in use${by(rule)}`,
    what: `All ${n} connections from source ${source} to ${where} are in use${own}${by(rule)}.`,
    until: 'one of them is free',
    change,
  }
}

function receivers({ provider }: WarmUpState): string {
  return provider === OTHERS ? 'receivers without a provider of their own' : provider
}

function slowedBriefly({ slowed: found }: WarmUpState): string {
  return found === undefined ? '' : ` (slowed: ${signShortIn.en(found.sign)})`
}

/** What keeps it from going further. */
function slowed({ slowed: found }: WarmUpState): string {
  if (found === undefined) return ''
  const on = new Date(found.at).toISOString().slice(0, 10)
  return ` It was slowed on ${on}: ${signIn.en(found.sign)}.`
}

/** The day that ends at `until`. */
function day(until: number): string {
  return new Date(until - 1).toISOString().slice(0, 10)
}

function by(rule: Limit | undefined): string {
  const place = limitPlace(rule)
  return place === '' ? '' : ` (${place})`
}

const SPANS = { second: 'a second', minute: 'a minute', hour: 'an hour', day: 'in 24 hours' } as const

function rateOf({ key, value }: Limit, one: string): string {
  return `${value} ${one}${value === 1 ? '' : 's'} ${SPANS[countedIn(key)]}`
}

function whereTo({ provider }: Limit, site: string): string {
  return provider === undefined ? site : `all sites of ${provider}`
}

function changeOf(rule: Limit | undefined): string {
  const { origin } = rule ?? {}
  if (rule === undefined || origin === undefined) return ''
  if (origin.layer === 'configuration') return `${origin.key} allows more, if the receiver does.`
  return `If the receiver bears more, a file of your own, shaping/*.toml, may say so: ${ruleLine(rule, origin)} (docs/shaping.md).`
}

function undo({ id }: Live): string {
  return `"hikyaku shaping cancel ${id}" ends it now, "hikyaku shaping extend ${id} 1h" prolongs it.`
}

function streamOf({ stream }: Live): string {
  return stream === undefined
    ? 'the stream'
    : `stream ${stream.stream} of organization ${stream.organization}`
}

function campaignOf({ campaign }: Live): string {
  const { organization = '', stream = '', campaign: name } = campaign ?? {}
  return name === undefined
    ? `what of ${stream} of ${organization} belongs to no campaign`
    : `the campaign ${name} in ${stream} of ${organization}`
}

function unknown({ counted, from, until }: Live): string {
  if (counted === undefined) return ''
  const length = span(until - from, ['d', 'h', 'm', 's'])
  return `, because ${counted.unknown} of ${counted.tried} recipients do not exist there: receivers take that for guessing, and block who does it. It rests for ${length}`
}
