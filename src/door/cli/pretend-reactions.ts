/** For tests: one reaction that has set in, and two groups that a source is warmed up at. */

import type { Live, WarmUpState } from '#engine/shaping'
import type { Operations } from '#product/operation'

export function pretendReactions(
  now: number,
): Pick<Operations, 'reactions' | 'reactionCancel' | 'reactionExtend' | 'warmUps' | 'warmUpSet'> {
  const live: Live = {
    id: 'k3x',
    rule: 'provider big: busy',
    place: { file: 'shaping/big.toml', line: 6 },
    act: { do: 'suspend', for: 3_600_000 },
    source: 'ip-1',
    site: 'mx1.big.example',
    cause: {
      delivery: '0sa8jyx0040.0',
      attempt: {
        at: now - 60_000,
        duration: 12,
        outcome: 'deferred',
        source: 'ip-1',
        site: 'mx1.big.example',
        host: 'mx1.big.example',
        address: '192.0.2.25',
        tls: '',
        stage: 'RCPT',
        code: 421,
        enhanced: '4.7.0',
        text: 'slow \u202edown',
      },
    },
    from: now - 60_000,
    until: now + 3_540_000,
    again: 1,
  }
  const warming = pretendWarmUps(now)
  return {
    reactions: () => Promise.resolve([live]),
    reactionCancel: ({ id }) => Promise.resolve(id === live.id ? live : null),
    reactionExtend: ({ id, by }) =>
      Promise.resolve(id === live.id ? { ...live, until: live.until + by } : null),
    warmUps: () => Promise.resolve(warming),
    warmUpSet({ source, provider, step }) {
      const known = warming.find((one) => one.source === source && one.provider === provider)
      if (known === undefined) return Promise.resolve(null)
      const { step: _step, limit: _limit, ...over } = known
      return Promise.resolve(step === undefined ? over : { ...over, step, limit: step * 100 })
    },
  }
}

export function pretendWarmUps(now: number): readonly WarmUpState[] {
  const quiet = { steps: 15, putOff: 0, isAlarmed: false, until: now + 3_600_000 }
  return [
    {
      ...quiet,
      source: 'ip-2',
      provider: 'google',
      step: 3,
      limit: 500,
      sent: 120,
      answers: 100,
      putOff: 30,
      slowed: {
        sign: { kind: 'complained', bad: 4, of: 900, most: 0.003 },
        at: now - 3_600_000,
      },
    },
    { ...quiet, source: 'ip-2', provider: 'others', sent: 7, answers: 7 },
  ]
}
