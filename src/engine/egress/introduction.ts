/** The beginning of a connection: greeting, EHLO, STARTTLS, AUTH. Ends with a peer one may send mail to, or why not. */

import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'

import type { Host } from '#engine/routing'
import type { Dialogue } from '#engine/trace'
import { mayBeClear } from '#engine/transport-security'
import type { Dane, TlsLevel } from '#engine/transport-security'
import { NO_CAPABILITIES, parseCapabilities } from '#grammar/smtp'
import type { Capabilities, ClientReply } from '#grammar/smtp'
import type { EgressConfig } from '#platform/config'

import { authenticate } from './authentication.ts'
import type { Peer } from './fit.ts'
import { isReply, Questions } from './questions.ts'
import type { Answer } from './questions.ts'
import { secure } from './secure.ts'
import type { Secured } from './secure.ts'
import type { Timers } from './timers.ts'
import type { TlsFailure, TlsTrial } from './tls-trial.ts'
import { deferred, lostVerdict, verdictOf } from './verdict.ts'
import type { Stage, Verdict } from './verdict.ts'
import type { Wire } from './wire.ts'

export type IntroductionOptions = {
  readonly host: Host
  readonly address: string
  /** What we call ourselves. */
  readonly ehlo: string
  /** `none` also for a host whose TLS is remembered as broken. */
  readonly tls: TlsLevel
  readonly dane: Dane
  readonly auth?: { readonly user: string; readonly password: string }
  readonly timeouts: EgressConfig['timeouts']
  readonly context: SecureContext
  readonly timers: Timers
  readonly dialogue: Dialogue
  /** Ends it, wherever it is. */
  readonly signal: AbortSignal
  readonly now: () => number
}

/** `trial` is absent when TLS was not asked for, or the peer did not get so far. */
export type Introduced = { readonly trial?: TlsTrial } & (
  | { readonly ok: true; readonly wire: Wire; readonly peer: Peer }
  /** `tlsFailed`: a handshake was tried and did not come about, so that clear text may be tried by those who may. */
  | { readonly ok: false; readonly verdict: Verdict; readonly tlsFailed: boolean; readonly tls: string }
)

export async function introduce(socket: Socket, options: IntroductionOptions): Promise<Introduced> {
  return await new Introduction(socket, options).run()
}

class Introduction {
  readonly #options: IntroductionOptions
  #questions: Questions
  #capabilities: Capabilities = NO_CAPABILITIES
  #tls = { text: '', verified: false, failed: false }
  #trial: TlsTrial | undefined
  readonly #from: string

  constructor(socket: Socket, options: IntroductionOptions) {
    this.#options = options
    this.#from = socket.localAddress ?? ''
    this.#questions = new Questions(socket, options.timers, options.dialogue)
  }

  async run(): Promise<Introduced> {
    const { signal, host, address, dialogue } = this.#options
    signal.addEventListener('abort', this.#abort)
    if (signal.aborted) this.#abort()
    const verdict = await this.#steps()
    signal.removeEventListener('abort', this.#abort)
    const { wire } = this.#questions
    const { text, verified, failed } = this.#tls
    const trial = this.#trial && { trial: this.#trial }
    if (verdict !== undefined) {
      if (!wire.isEnded) leave(wire, this.#options)
      dialogue.end()
      return { ok: false, verdict, tlsFailed: failed, tls: text, ...trial }
    }
    wire.rest()
    return {
      ok: true,
      wire,
      ...trial,
      peer: { host: host.name, address, capabilities: this.#capabilities, tls: text, verified },
    }
  }

  readonly #abort = (): void => {
    const { wire } = this.#questions
    if (wire.isEnded) wire.socket.destroy()
    else wire.lose({ kind: 'stopped', text: 'egress is closing' })
  }

  /** The first that fails ends it. */
  async #steps(): Promise<Verdict | undefined> {
    return (
      (this.#options.host.implicitTls ? await this.#secure() : undefined) ??
      (await this.#greeting()) ??
      (await this.#hello()) ??
      (await this.#startTls()) ??
      (await this.#authenticate()) ??
      this.#unsound()
    )
  }

  #unsound(): Verdict | undefined {
    const fault = this.#questions.fault()
    return fault === undefined ? undefined : lostVerdict(fault, 'EHLO')
  }

  async #greeting(): Promise<Verdict | undefined> {
    const answer = await this.#questions.read(this.#options.timeouts.greeting)
    if (isReply(answer) && isPositive(answer)) return undefined
    const verdict = refusal(answer, 'greeting')
    // RFC 7504 §4: 521 says that this host never takes mail. Any other 5xx here is about our address or our hour, and
    // so is 554 of RFC 5321 §3.1: a block list must not bounce a whole queue.
    return verdict.code === 521 ? { ...verdict, outcome: 'bounced' } : verdict
  }

  async #hello(): Promise<Verdict | undefined> {
    const { ehlo, timeouts } = this.#options
    const answer = await this.#questions.ask(`EHLO ${ehlo}\r\n`, timeouts.ehlo)
    if (isReply(answer) && isPositive(answer)) {
      this.#capabilities = parseCapabilities(answer)
      return undefined
    }
    // RFC 5321 §4.1.1.1: a server that knows no EHLO may know HELO. Under TLS it has said EHLO before.
    const isOld = isReply(answer) && answer.code >= 500 && this.#tls.text === ''
    if (!isOld) return refusal(answer, 'EHLO')
    const second = await this.#questions.ask(`HELO ${ehlo}\r\n`, timeouts.ehlo)
    return isReply(second) && isPositive(second) ? undefined : refusal(second, 'EHLO')
  }

  async #startTls(): Promise<Verdict | undefined> {
    const { tls, host, timeouts } = this.#options
    if (host.implicitTls || tls === 'none') return undefined
    const mustHave = !mayBeClear(tls)
    if (!this.#capabilities.startTls) {
      this.#tried({ fault: 'starttls-not-supported', text: 'STARTTLS is not offered' })
      return mustHave
        ? deferred('tls', '4.7.10', `${host.name} does not offer STARTTLS, and TLS is required`)
        : undefined
    }
    const answer = await this.#questions.ask('STARTTLS\r\n', timeouts.tls)
    if (!isReply(answer)) return this.#refused(answer)
    // RFC 3207 §4.1: without a 220 the connection goes on as it was.
    if (answer.code !== 220) this.#refused(answer)
    if (answer.code !== 220) return mustHave || answer.code === 421 ? refusal(answer, 'tls') : undefined
    if (!this.#questions.wire.isQuiet) {
      this.#questions.wire.destroy()
      return lostVerdict({ kind: 'out-of-step', text: 'octets behind the 220 to STARTTLS' }, 'tls')
    }
    // RFC 3207 §4.2: what was said before TLS is forgotten.
    this.#capabilities = NO_CAPABILITIES
    return (await this.#secure()) ?? (await this.#hello())
  }

  async #secure(): Promise<Verdict | undefined> {
    const { timeouts, timers, dialogue } = this.#options
    const plain = this.#questions.wire.release()
    const name = this.#serverName()
    const secured = await secure(plain, { ...this.#options, name, timeout: timeouts.tls })
    dialogue.event(secured.text)
    if (!secured.ok) {
      this.#tls = { ...this.#tls, failed: true }
      this.#tried({ fault: 'validation-failure', text: secured.text })
      return deferred('tls', '4.7.5', secured.text)
    }
    this.#questions = new Questions(secured.socket, timers, dialogue)
    const { text, doubt, matched } = secured
    this.#tls = { text, verified: matched?.ok ?? doubt === undefined, failed: false }
    this.#tried(matched?.ok === false ? matched : undefined, doubt)
    return this.#worthless(name, secured)
  }

  /** RFC 7672 §8.1: who publishes TLSA records finds the certificate they mean by the name they stand under. */
  #serverName(): string {
    const { dane, host, address } = this.#options
    if (dane.kind === 'usable' || dane.kind === 'unusable') return dane.base
    return isIP(host.name) === 0 ? host.name : address
  }

  /** Why mail may not go over this TLS. */
  #worthless(name: string, { doubt, matched }: Extract<Secured, { ok: true }>): Verdict | undefined {
    // RFC 7672 §2.2: with TLSA records that can be used there is no going on without one that matches.
    if (matched !== undefined)
      return matched.ok ? undefined : deferred('tls', '4.7.5', `DANE forbids ${name}: ${matched.text}`)
    if (this.#options.tls !== 'verified' || doubt === undefined) return undefined
    return deferred('tls', '4.7.5', `the certificate of ${name} does not verify: ${doubt.text}`)
  }

  #refused(answer: Answer): Verdict {
    const verdict = refusal(answer, 'tls')
    this.#tried({ fault: 'validation-failure', text: `STARTTLS: ${verdict.text}` })
    return verdict
  }

  #tried(failure?: TlsFailure, doubt?: TlsFailure): void {
    const { host, address, dane } = this.#options
    const { fault, text } = failure ?? {}
    this.#trial = {
      host: host.name,
      address,
      from: this.#from,
      dane,
      ...(fault !== undefined && text !== undefined && { failure: { fault, text } }),
      ...(doubt && { doubt }),
    }
  }

  async #authenticate(): Promise<Verdict | undefined> {
    const { auth, timeouts } = this.#options
    if (auth === undefined) return undefined
    if (this.#tls.text === '') return deferred('AUTH', '4.7.11', 'credentials are not sent without TLS')
    const ask = (line: string): Promise<Answer> =>
      line.startsWith('AUTH ')
        ? this.#questions.ask(line, timeouts.ehlo)
        : this.#questions.respond(line, timeouts.ehlo)
    return await authenticate(auth, this.#capabilities.auth, ask)
  }
}

/** Why there will be no mail on this connection. Never final: nothing was said about any message yet. */
export function refusal(answer: Answer, stage: Stage): Verdict {
  return isReply(answer) ? { ...verdictOf(answer, stage), outcome: 'deferred' } : lostVerdict(answer, stage)
}

function isPositive({ code }: ClientReply): boolean {
  return code >= 200 && code < 300
}

/** RFC 5321 §3.8: QUIT, even to those who do not want us; but nobody waits for the answer. */
function leave(wire: Wire, { timers, timeouts }: IntroductionOptions): void {
  const socket = wire.release()
  const cancel = timers.after(timeouts.quit, () => socket.destroy())
  socket.once('close', cancel)
  socket.resume()
  socket.end('QUIT\r\n')
  wire.dialogue.commands('QUIT\r\n')
}
