/** Whatever a server does, each job has exactly one end, and nothing is delivered that the server has not got. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { asyncProperty, array, assert as check, constantFrom, integer, record, subarray } from 'fast-check'

import type { Tried } from './job.ts'
import { CONTENT, jobOf, Rig } from './rig.fixture.ts'
import { ScriptedServer } from './scripted-server.fixture.ts'
import type { Client, Script } from './scripted-server.fixture.ts'

/** What the server does when a reply is due. */
type Move = (typeof MOVES)[number]
const MOVES = [
  'right',
  'right',
  'right',
  'right',
  'right',
  '4',
  '5',
  '421',
  'wrong',
  'twice',
  'noise',
  'close',
  'reset',
] as const

/** Recipients of transactions whose whole content has come. */
type Got = Set<string>

class Server {
  readonly #client: Client
  readonly #moves: Move[]
  readonly #got: Got
  #recipients: string[] = []

  constructor(client: Client, moves: Move[], got: Got) {
    this.#client = client
    this.#moves = moves
    this.#got = got
  }

  async play(offers: readonly string[]): Promise<void> {
    this.#reply('220 mx', '250 mx')
    for (;;) {
      const line = await this.#client.line()
      if (line.startsWith('EHLO') || line.startsWith('HELO')) this.#reply(hello(offers), '354 mx')
      else if (line.startsWith('MAIL')) this.#mail()
      else if (line.startsWith('RCPT')) this.#rcpt(line)
      else if (line.startsWith('BDAT')) await this.#chunk(line)
      else if (line === 'DATA') await this.#data()
      else if (line === 'RSET') this.#reply('250 OK', '354 OK')
      else if (line === 'QUIT') return
      // Content that was taken for commands would show up here.
      else throw new Error(`the client said ${line}`)
    }
  }

  /** The right answer, the wrong one, or whatever is next. True when it was the right one. */
  #reply(right: string, wrong: string): boolean {
    const move = this.#moves.shift() ?? 'right'
    switch (move) {
      case 'right':
        this.#client.say(right)
        return true
      case 'twice':
        this.#client.say(right, right)
        return true
      case '4':
        this.#client.say('451 4.3.0 not now')
        return false
      case '5':
        this.#client.say('550-5.7.1 not', '550 5.7.1 ever')
        return false
      case '421':
        this.#client.say('421 4.3.2 closing')
        this.#client.close()
        return false
      case 'wrong':
        this.#client.say(wrong)
        return false
      case 'noise':
        this.#client.raw('2x0 \x1b[31m\r\n')
        return false
      case 'close':
        this.#client.close()
        return false
      case 'reset':
        this.#client.reset()
        return false
    }
  }

  #mail(): void {
    this.#recipients = []
    this.#reply('250 2.1.0 OK', '354 OK')
  }

  #rcpt(line: string): void {
    if (this.#reply('250 2.1.5 OK', '354 OK')) this.#recipients.push(line.slice('RCPT TO:<'.length, -1))
  }

  async #data(): Promise<void> {
    if (!this.#reply('354 go', '250 OK')) return
    const content = await this.#client.content()
    if (content === `${CONTENT.replaceAll(/^\./gm, '..')}.\r\n`) this.#take()
    // The lone dot, when nobody was accepted.
    else assert.equal(content, '.\r\n')
    this.#reply('250 2.0.0 queued', '354 more')
  }

  async #chunk(line: string): Promise<void> {
    assert.equal(await this.#client.octets(Number(line.split(' ')[1])), CONTENT)
    this.#take()
    this.#reply('250 2.0.0 queued', '354 more')
  }

  #take(): void {
    for (const recipient of this.#recipients) this.#got.add(recipient)
  }
}

function hello(offers: readonly string[]): string {
  return ['250-mx', ...offers.map((offer) => `250-${offer}`), '250 X-END'].join('\r\n')
}

/** Jobs that the path took; those it did not are still in the work. */
async function endsOf(rig: Rig, recipients: readonly number[]): Promise<readonly Tried[]> {
  const down = rig.work.nextFailure()
  const jobs = recipients.map((count, n) =>
    jobOf({ to: Array.from({ length: count }, (_, i) => `r${n}-${i}@example.com`) }),
  )
  for (const { job } of jobs) rig.work.jobs.push(job)
  rig.path.wake()
  await Promise.race([down, Promise.all(jobs.map(({ done }) => done))])
  await rig.egress.close(0)
  const taken = jobs.filter(({ job }) => !rig.work.jobs.includes(job))
  const ends = await Promise.all(
    taken.map(async ({ job, done }) =>
      (await done).map((tried, i) => ({ ...tried, at: 0, host: to(job, i) })),
    ),
  )
  return ends.flat()
}

function to(job: ReturnType<typeof jobOf>['job'], i: number): string {
  const mailbox = job.claimed[i]?.delivery.to
  return `${mailbox?.local}@${mailbox?.domain}`
}

test('each job that was taken ends once, and what is delivered has arrived', async () => {
  const server = record({
    // An answer too many to a command before BDAT is the answer to BDAT for all that anybody can tell.
    offers: subarray(['PIPELINING', 'DSN', '8BITMIME']),
    moves: array(constantFrom(...MOVES), { maxLength: 30 }),
    chunking: constantFrom(true, false),
  })
  const recipients = array(integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 })
  await check(
    asyncProperty(
      server,
      recipients,
      integer({ min: 1, max: 3 }),
      async (how, counts, connectionsPerPath) => {
        const got: Got = new Set()
        const moves = how.moves.filter((move) => !how.chunking || move !== 'twice')
        const offers = how.chunking ? [...how.offers, 'CHUNKING'] : how.offers
        const script: Script = async (client) => await new Server(client, moves, got).play(offers)
        await using listening = await ScriptedServer.start(script)
        const rig = new Rig({ ports: [listening.port], config: { connectionsPerPath } })
        for (const { outcome, host } of await endsOf(rig, counts)) {
          if (outcome === 'delivered') assert.ok(got.has(host), `${host} was not delivered`)
        }
        assert.equal(rig.egress.connections, 0)
      },
    ),
    { numRuns: 150 },
  )
})
