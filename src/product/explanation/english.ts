/** Every reason in English. */

import type { Attempt, Report } from '#engine/spool'
import { explainStatus } from '#grammar/report'

import { ENGLISH_SHAPING } from './shaping-english.ts'
import type { Forecast } from './reason.ts'
import { remedyOf, sentences } from './remedy.ts'
import type { Remedy } from './remedy.ts'
import { round, span } from './span.ts'
import type { Sentences, Wording } from './wording.ts'

const MOMENT = 'a moment'

export const ENGLISH: Wording = {
  reasons: {
    ...ENGLISH_SHAPING,
    delivered: ({ when, last }, { at }) => ({
      brief: 'delivered',
      what: `It was delivered${when === undefined ? '' : ` at ${at(when)}`}.`,
      until: '',
      change: `Nothing more happens here. Where it is not found, whoever runs ${last?.host || 'that host'} can look for it by its answer.`,
    }),
    bounced: ({ when, last }, { at }) => ({
      brief: 'bounced',
      what: `It was refused for good${when === undefined ? '' : ` at ${at(when)}`}.`,
      until: '',
      change: last === undefined ? '' : explainStatus(last.enhanced).en.todo,
    }),
    expired: ({ when, tries }, { at }) => ({
      brief: 'expired',
      what: `It was given up${when === undefined ? '' : ` at ${at(when)}`}, after ${counted(tries, 'try', 'tries')}: its time was over.`,
      until: '',
      change: 'Only to send it again. queue.expire says how long messages are tried.',
    }),
    cancelled: ({ when, why }, { at }) => ({
      brief: 'cancelled',
      what: `An operator ended it${when === undefined ? '' : ` at ${at(when)}`}${because(why)}`,
      until: '',
      change: 'Only to send it again: what was cancelled does not come back.',
    }),
    'came-back': ({ report: { kind, at: when } }, { at }) => CAME_BACK[kind](at(when)),
    held: ({ why }, { name }) => ({
      brief: `held${why === '' ? '' : `: ${why}`}`,
      what: `An operator holds it${because(why)}`,
      until: 'an operator releases it',
      change: `"hikyaku message release ${name}" lets it go on, "hikyaku message cancel ${name}" ends it.`,
    }),
    damaged: ({ why }, { name }) => ({
      brief: 'held: its content is damaged',
      what: `It is held, because what the spool has of its content is not what was accepted${because(why)}`,
      until: 'an operator ends it, or releases it',
      change: `Nothing here brings the content back: its sender has to send it again. "hikyaku message cancel ${name}" ends it. After a restore of the data directory, "hikyaku message release ${name}" tries it again.`,
    }),
    scheduled: ({ until }, { name, at, due }) => ({
      brief: `scheduled, ${due(until)}`,
      what: 'Its sender asked that it be sent later (FUTURERELEASE).',
      until: at(until),
      change: `"hikyaku message retry ${name}" sends it now, "hikyaku message cancel ${name}" ends it.`,
    }),
    retry: ({ tries, about, until, end, last }, { name, at, due }) => ({
      brief: `try ${tries + 1} ${due(until)}`,
      what: `${counted(tries, 'try was', 'tries were')} put off. Try ${tries + 1}${about === undefined ? '' : ` of about ${about}`} waits for its time.`,
      until: `${at(until)}. No try is made after ${at(end)}`,
      change: sentences(remedy(last), `"hikyaku message retry ${name}" tries it now.`),
    }),
    'on-wire': () => ({
      brief: 'on the wire',
      what: 'It is being sent now.',
      until: 'the host answers. egress.timeouts says how long it may take',
      change: 'Nothing: what is on the wire cannot be called back.',
    }),
    recording: () => ({
      brief: 'being recorded',
      what: 'An attempt has ended, and its outcome is being written down.',
      until: MOMENT,
      change: '',
    }),
    turn: ({ ahead, isHeld, ...rate }, { at }) => ({
      brief: ahead === 0 ? 'next' : `${ahead} before it`,
      what:
        ahead === 0
          ? 'It is in memory, the next of its queue.'
          : `It is in memory, behind ${counted(ahead, 'delivery', 'deliveries')} of its queue.`,
      until: `${ahead > 0 ? 'those before it are under way' : isHeld ? 'what holds it back, as said above, is over' : MOMENT}${atRate(rate, at)}`,
      change: '',
    }),
    loading: () => ({
      brief: 'due',
      what: 'Its time has come, and it is being taken from the store.',
      until: MOMENT,
      change: '',
    }),
    route: ({ domain }) => ({
      brief: `asking the DNS for ${domain}`,
      what: `The DNS is being asked where ${domain} receives its mail.`,
      until: 'the DNS answers, or fails to, which puts the delivery off',
      change: 'If this lasts, see to the servers that dns.servers names.',
    }),
    window: ({ limit, size, backlog, ...rate }, { at }) => ({
      brief: limit === 'queue' ? `its window of ${size} is taken` : `all ${size} places in memory are taken`,
      what: `${
        limit === 'queue'
          ? `The ${size} deliveries of its queue that may be in memory are there`
          : `The ${size} deliveries that may be in memory are there, of all queues`
      }${backlog === undefined ? '' : `; ${backlog} of its queue wait in the store`}.`,
      until: `some of those before it are done${atRate(rate, at, 'the last of them goes')}`,
      change:
        limit === 'queue'
          ? 'queue.window allows more, which helps only if the paths can take it.'
          : 'queue.window_total allows more, for more memory.',
    }),
    connecting: ({ source, site }) => ({
      brief: `${source}: connecting`,
      what: `The first connection from source ${source} to ${site} is being made.`,
      until: 'it stands or fails. egress.timeouts says how long it may take',
      change: '',
    }),
    closing: ({ source, site }) => ({
      brief: `${source}: closing`,
      what: `The connections from source ${source} to ${site} are being closed.`,
      until: 'they are closed',
      change: '',
    }),
    'refused-more': ({ source, site, connections, until, last }, { at, due }) => ({
      brief: `${source}: the site takes no more than ${counted(connections, 'connection', 'connections')}, asked again ${due(until)}: ${last.text}`,
      what: `${site} takes no more than ${counted(connections, 'connection', 'connections')} from source ${source}, and all are in use.`,
      until: `one of them is free; another is asked for again ${at(until)}`,
      change: 'Only the receiver can allow more.',
    }),
    down: ({ source, site, until, failures, last }, { at, due }) => ({
      brief: `${source}: down, next try ${due(until)}: ${last.text}`,
      what: `${site} could not be reached from source ${source}, or would not talk, ${failures === 1 ? 'at the last try' : `${failures} times in a row`}.`,
      until: `the next connection is tried at ${at(until)}`,
      change: sentences(
        remedy(last),
        'It goes on by itself when the site answers; "message retry" brings that no nearer.',
      ),
    }),
    paused: ({ why }) => ({
      brief: `sending is paused${why === '' ? '' : `: ${why}`}`,
      what: `Nothing is begun, because outcomes cannot be written down${why === '' ? '' : ` (${why})`}: a success that is not recorded would be sent again.`,
      until: 'the store can be written',
      change: 'Free disk space, or bring the database back; sending goes on by itself.',
    }),
    draining: () => ({
      brief: 'the node is stopping',
      what: 'The node is stopping, and begins nothing more.',
      until: 'it runs again',
      change: '',
    }),
    untold: ({ limit }) => ({
      brief: 'its sender was not told',
      what:
        limit === undefined
          ? 'Its sender was not told: the notification could not be made. The log says why (notice.lost).'
          : `Its sender was not told: ${counted(limit, 'notification', 'notifications')} had gone to that address within the hour.`,
      until: '',
      change:
        limit === undefined
          ? ''
          : 'queue.dsn_per_sender_per_hour allows more. Of this one the sender hears only from you.',
    }),
    stopped: () => ({
      brief: 'no node runs',
      what: 'No node runs, so nothing is sent.',
      until: 'one runs',
      change: '"hikyaku serve" runs one.',
    }),
  },
  said: ({ host, address, stage }, words) =>
    host === ''
      ? `at ${stage}: ${words}`
      : `${host}${address === '' ? '' : ` [${address}]`} at ${stage}: ${words}`,
  moment: (time, distance) => `${time} (${distance})`,
  distance(milliseconds) {
    if (Math.abs(milliseconds) < 500) return 'now'
    const text = span(Math.abs(milliseconds), ['d', 'h', 'm', 's'])
    return milliseconds > 0 ? `in ${text}` : `${text} ago`
  },
}

const REMEDIES: Record<Remedy, (source: string) => string> = {
  login: (source) =>
    `The login at that host is wrong: correct relay_user and relay_password of [egress.sources.${source}], or user and password of its route.`,
  tls: () =>
    'TLS is demanded and not to be had: "hikyaku shaping resolve DOMAIN" shows the rule that demands it, which a file of your own can change; "hikyaku tls-policy list" what the domain demands, which [[tls_policies]] with obey = false passes over.',
  address: (source) =>
    `Give this machine the address, or correct egress.sources.${source}.address and restart the node.`,
  route: () =>
    'It is the DNS of the domain, or the resolver here, that must be mended; "hikyaku doctor" looks at the resolver.',
}

function remedy(last: Attempt | undefined): string {
  const found = remedyOf(last)
  return found === undefined ? '' : REMEDIES[found](last?.source ?? '')
}

const LOOK =
  '"hikyaku suppression list" shows whether the recipient is suppressed for it, "hikyaku suppression remove" ends that.'

/** What came back, and when. */
const CAME_BACK: Record<Report['kind'], (when: string) => Sentences> = {
  bounce: (when) => ({
    brief: 'came back',
    what: `It came back at ${when}: the host that had taken it could not deliver it.`,
    until: '',
    change: LOOK,
  }),
  delay: (when) => ({
    brief: 'late elsewhere',
    what: `The host that took it said at ${when} that it could not deliver it yet.`,
    until: '',
    change: 'Nothing here: it is that host which goes on trying.',
  }),
  success: (when) => ({
    brief: 'arrival confirmed',
    what: `The host that took it said at ${when} that it was delivered.`,
    until: '',
    change: '',
  }),
  complaint: (when) => ({
    brief: 'complained of',
    what: `Its recipient complained of it; the complaint came at ${when}.`,
    until: '',
    change: LOOK,
  }),
  unsubscribe: (when) => ({
    brief: 'unsubscribed',
    what: `Its recipient asked at ${when} for no more mail of this stream.`,
    until: '',
    change: LOOK,
  }),
  open: (when) => ({
    brief: 'opened',
    what: `It was opened at ${when} for the first time.`,
    until: '',
    change: '',
  }),
  click: (when) => ({
    brief: 'link followed',
    what: `A link in it was followed at ${when} for the first time.`,
    until: '',
    change: '',
  }),
}

/** `what` it is that goes then. */
function atRate({ perMinute, eta }: Forecast, at: (time: number) => string, what = 'it goes'): string {
  if (perMinute === undefined || eta === undefined) return ''
  return `. At the rate of the last minute, ${round(perMinute)} a minute, ${what} at about ${at(eta)}`
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

function because(why: string): string {
  return why === '' ? '.' : `: ${why}`
}
