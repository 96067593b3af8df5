/** What the command line needs of the process it runs in, and how a command ends. */

import type { Pace } from '#engine/course'
import type { Rehearsed } from '#engine/rehearsal'
import type { Origin, Reaction } from '#engine/rule'
import type { Assumed } from '#product/explanation'
import type { Operations, Streams } from '#product/operation'
import type { DryRunOptions, Policy } from '#product/suppression'
import type { Finding } from '#product/verification'

export type GlobalOptions = {
  /** Path of the configuration file; absent: the usual places. */
  readonly config?: string
}

export type DoctorOptions = GlobalOptions & {
  /** A domain whose mail host and web server may be greeted. */
  readonly probe?: string
}

export type ConfigReport = {
  readonly path: string | undefined
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** What `shaping check` found. */
export type RulesReport = {
  /** Where the operator's rules are looked for. */
  readonly directory: string
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  readonly layers: number
  readonly reactions: number
}

export type ShapingQuery = {
  readonly domain: string
  /** Absent: all of the configuration. */
  readonly source?: string
  /** Only of this stream, which may have routes of its own. */
  readonly stream?: string
  /** Hosts in place of those that the DNS has. */
  readonly mx?: readonly string[]
}

/** What holds for a domain, and where each of it is said. */
export type ShapingView = {
  readonly domain: string
  readonly site: string
  readonly hosts: readonly string[]
  readonly via: string
  readonly provider?: string
  readonly sources: readonly {
    readonly source: string
    /** Those that say anything, the most general first. */
    readonly layers: readonly string[]
    /** Absent origin: nobody says anything. Times in milliseconds; 0 is no limit. */
    readonly limits: readonly {
      readonly key: string
      readonly value: number | string
      readonly origin?: Origin | undefined
    }[]
    readonly reactions: readonly Pick<Reaction, 'id' | 'place' | 'act' | 'times' | 'within'>[]
  }[]
}

/** A policy of suppression as a configuration has it, and whose a recipient is by the shaping rules. */
export type PolicyView = {
  readonly policy: Policy
  readonly providerOf: DryRunOptions['providerOf']
}

/** What `rehearse` is to try. Shares from 0 to 1, times in milliseconds. */
export type RehearsalPlan = Pick<Assumed, 'unknown' | 'greylisting' | 'bears' | 'ownRules' | 'strangers'> & {
  readonly shares: readonly { readonly domain: string; readonly count: number }[]
  /** Absent: those of the pool that the stream has. */
  readonly sources?: readonly string[]
  readonly stream: string
  readonly start: number
  readonly pace: Pace
  /** Absent: as the configuration says. */
  readonly expire?: number
  readonly seed: number
  /** Whether the DNS is asked where the domains lead. */
  readonly dns: boolean
}

/** What it came to, and on what grounds. */
export type Rehearsal = Rehearsed & { readonly assumed: Assumed }

export type CliHost = {
  out(text: string): void
  err(text: string): void
  /** All of standard input. */
  input(): Promise<Buffer>
  readFile(path: string): Promise<Buffer>
  now(): number
  /** Of the environment, such as `ja_JP.UTF-8`. */
  readonly locale: string
  /**
   * Runs `use` with the running node, or with its stores opened here when no node runs.
   * @throws {OperationError} `not-running` when neither can be had
   */
  withNode<T>(options: GlobalOptions, use: (operations: Operations) => Promise<T>): Promise<T>
  /** What can be followed on the running node. */
  streams(options: GlobalOptions): Streams
  /** Aborted when the person at the terminal has seen enough; from the first call on this does not end the process. */
  interrupted(): AbortSignal
  /** Runs until it is told to stop; gives the exit code. */
  serve(options: GlobalOptions): Promise<number>
  /** The same with the sandbox receiver, seeded for a first message. */
  start(options: GlobalOptions): Promise<number>
  checkConfig(options: GlobalOptions): Promise<ConfigReport>
  /** Reads the rules as the files have them now. */
  checkRules(options: GlobalOptions): Promise<RulesReport>
  /** @throws {CliError} `missing` when there is no way to the domain */
  resolveRules(options: GlobalOptions, query: ShapingQuery): Promise<ShapingView>
  /**
   * The policy is that of the configuration, or of the one at `policy`. @throws {CliError} `config` when one of them or
   * the rules have mistakes
   */
  suppressionPolicy(options: GlobalOptions & { readonly policy?: string }): Promise<PolicyView>
  /** By the rules as the files have them now. @throws {CliError} `missing` when there is no such source */
  rehearse(options: GlobalOptions, plan: RehearsalPlan): Promise<Rehearsal>
  /** Looks at the machine, the node and the DNS; changes nothing. */
  doctor(options: DoctorOptions): Promise<readonly Finding[]>
}

/** Exit codes, after sysexits(3) where it has one. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  /** What was named does not exist. */
  missing: 66,
  /** The node does not run, and the command needs it. */
  unavailable: 69,
  /** The configuration has mistakes. */
  config: 78,
} as const

/** Ends a command with an exit code and a line for people, which says what they can do about it. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: Exclude<keyof typeof EXIT, 'ok'>
  constructor(code: Exclude<keyof typeof EXIT, 'ok'>, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
