import assert from 'node:assert/strict'
import { test } from 'node:test'

import { GREYLISTED, NO_ANSWER, NOW, SAMPLES, SIGNS, WARMING } from './facts.fixture.ts'
import { REASONS } from './reason.ts'
import type { Reason } from './reason.ts'
import { LANGUAGES, languageOf, tell } from './words.ts'

const about = { name: '0sa8jyx0040.1', now: NOW }
const FINAL: readonly Reason['at'][] = ['delivered', 'bounced', 'expired', 'cancelled', 'came-back', 'untold']

test('the samples have every reason', () => {
  assert.deepEqual([...new Set(SAMPLES.map(({ at }) => at))].toSorted(), [...REASONS].toSorted())
})

for (const language of LANGUAGES) {
  test(`every reason has whole sentences in ${language}`, () => {
    for (const reason of SAMPLES) {
      const told = tell(reason, language, about)
      const place = `${language} ${JSON.stringify(reason)}: ${JSON.stringify(told)}`
      assert.ok(told.brief !== '' && told.what !== '', place)
      // What is not over says what would end the wait.
      assert.equal(told.until === '', FINAL.includes(reason.at), place)
      for (const text of Object.values(told)) {
        assert.doesNotMatch(text, /undefined|null|NaN|\[object|\s\s|^\s|\s$|\(\)|（）/, place)
      }
    }
  })
}

test('both languages say the same things: what is absent in one is absent in the other', () => {
  for (const reason of SAMPLES) {
    const [english, japanese] = LANGUAGES.map((language) => {
      const told = Object.entries(tell(reason, language, about))
      return told.filter(([, text]) => text !== '').map(([name]) => name)
    })
    assert.deepEqual(english, japanese, reason.at)
  }
})

test('both languages name the same commands, keys, hosts and numbers', () => {
  for (const reason of SAMPLES) {
    const [english, japanese] = LANGUAGES.map((language) => {
      const { what, until, change } = tell(reason, language, about)
      const facts = `${what} ${until} ${change}`.match(
        /[a-z]+(?:[._][a-z_]+)+|hikyaku [a-z]+ [a-z]+|\d{4}-\d\d-\d\d [\d:]+Z/g,
      )
      return new Set(facts)
    })
    assert.deepEqual(english, japanese, reason.at)
  }
})

test('Japanese sentences are in Japanese', () => {
  for (const reason of SAMPLES) {
    const { what, change } = tell(reason, 'ja', about)
    assert.match(what, /[ぁ-ん].*。$/, reason.at)
    assert.match(change, /^$|[ぁ-ん].*。/, reason.at)
  }
})

test('a warm-up that was slowed says by which sign, as numbers', () => {
  assert.match(slowedBy('en')[0] ?? '', /It was slowed on 2026-11-22: a reply had suspended a path there\./)
  assert.match(slowedBy('en')[1] ?? '', /7 of 30 answers put mail off \(23 %, more than 10 %\)\./)
  assert.match(slowedBy('en')[2] ?? '', /4 of 900 recipients complained \(0\.44 %, more than 0\.3 %\)\./)
  assert.match(slowedBy('en')[3] ?? '', /40 of 900 messages were refused .* \(4\.4 %, more than 3 %\)\./)
  assert.match(slowedBy('ja')[2] ?? '', /900 通のうち 4 通が迷惑メールと報告（0\.44 %、基準 0\.3 % 超）。/)
})

test('a reply is told with the host that gave it and with what its code means', () => {
  const reason: Reason = { at: 'retry', tries: 1, until: NOW, end: NOW, why: '', last: GREYLISTED }
  const english = tell(reason, 'en', about)
  assert.equal(english.said, 'mx1.example.com [192.0.2.25] at RCPT: 451 4.7.1 Come back later')
  assert.equal(english.meaning, 'The receiving server puts the message off for the time being.')
  const japanese = tell(reason, 'ja', about)
  assert.equal(japanese.said, 'mx1.example.com [192.0.2.25] RCPT: 451 4.7.1 Come back later')
  assert.match(japanese.meaning, /見合わせ/)
})

test('the class of an attempt says more than its code', () => {
  const bounce = { class: 'greylisted', type: 'soft', rule: 'greylisted/words' } as const
  const reason: Reason = {
    at: 'retry',
    tries: 1,
    until: NOW,
    end: NOW,
    why: '',
    last: { ...GREYLISTED, bounce },
  }
  assert.equal(tell(reason, 'en', about).meaning, 'The host puts off senders it has not seen before.')
  const other = { ...GREYLISTED, bounce: { ...bounce, class: 'of a later version' } }
  assert.equal(
    tell({ ...reason, last: other }, 'en', about).meaning,
    'The receiving server puts the message off for the time being.',
  )
})

test('words of our own come without a host, and a code that is absent without a meaning', () => {
  const last = {
    ...GREYLISTED,
    host: '',
    address: '',
    stage: 'route',
    code: 0,
    enhanced: '',
    text: 'no host',
  }
  const told = tell({ at: 'bounced', tries: 1, why: '', last }, 'en', about)
  assert.deepEqual([told.said, told.meaning], ['at route: no host', ''])
  const coded = tell({ at: 'bounced', tries: 1, why: '', last: { ...last, enhanced: '5.4.4' } }, 'en', about)
  assert.equal(coded.said, 'at route: no host')
  assert.equal(coded.meaning, 'No server that receives mail for the domain could be found.')
})

const DISTANCES: readonly (readonly [milliseconds: number, en: string, ja: string])[] = [
  [0, 'now', '今'],
  [5_000, 'in 5s', '5秒後'],
  [300_000, 'in 5m00s', '5分00秒後'],
  [5_400_000, 'in 1h30m', '1時間30分後'],
  [93_600_000, 'in 1d02h', '1日02時間後'],
]

for (const [milliseconds, en, ja] of DISTANCES) {
  test(`${milliseconds} ms from now is ${en}, ${ja}`, () => {
    const reason = { at: 'scheduled', until: NOW + milliseconds } as const
    assert.equal(tell(reason, 'en', about).brief, `scheduled, ${en}`)
    assert.equal(tell(reason, 'ja', about).brief, `送信予約、${ja}`)
  })
}

test('what is over was some time ago', () => {
  const reason = { at: 'cancelled', when: NOW - 61_000, why: '' } as const
  assert.match(tell(reason, 'en', about).what, /2026-11-22 10:28:59Z \(1m01s ago\)/)
  assert.match(tell(reason, 'ja', about).what, /2026-11-22 10:28:59Z（1分01秒前）/)
})

const LOCALES: readonly (readonly [locale: string, language: string])[] = [
  ['ja_JP.UTF-8', 'ja'],
  ['ja', 'ja'],
  ['JA-jp', 'ja'],
  ['en_US.UTF-8', 'en'],
  ['jam_JM', 'en'],
  ['C', 'en'],
  ['', 'en'],
]

for (const [locale, language] of LOCALES) {
  test(`the locale ${JSON.stringify(locale)} is told in ${language}`, () =>
    assert.equal(languageOf(locale), language))
}

function failed(stage: string, text = ''): string {
  const last = { ...NO_ANSWER, stage, text, source: 'ip-1' }
  const reason = { at: 'down', source: 'ip-1', site: 'mx', until: NOW, failures: 1, last } as const
  return LANGUAGES.map((language) => tell(reason, language, { name: 'x.0', now: NOW }).change).join('\n')
}

test('what an operator can mend is said where a host was reached and no mail was offered', () => {
  assert.match(failed('AUTH'), /egress\.sources\.ip-1.*relay_password/)
  assert.match(failed('tls'), /shaping resolve[^]*tls-policy list/)
  assert.match(failed('connect', 'it is no address of this machine'), /egress\.sources\.ip-1\.address/)
  assert.match(failed('route'), /doctor/)
  assert.doesNotMatch(failed('connect', 'ECONNREFUSED'), /egress\.sources/)
})

/** What a warm-up says that each sign in turn has slowed. */
function slowedBy(language: 'en' | 'ja'): readonly string[] {
  return SIGNS.map((sign) => {
    const slowed = { ...WARMING, slowed: { sign, at: NOW } }
    const ends = { source: 'default', site: 'mx.example.com', until: NOW } as const
    return tell({ ...ends, at: 'warming', warmUp: slowed, whenFull: 'overflow' }, language, about).what
  })
}
