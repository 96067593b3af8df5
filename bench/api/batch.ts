/** One letter to very many: how long it takes to take in, and how fast what each is sent is made, tracked, signed and relayed. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { startHikyaku, DOMAIN } from '../hikyaku.ts'
import { freePort, startSink } from '../load.ts'
import { postfixPackage } from '../postfix-package.ts'
import type { PostfixPackage } from '../postfix-package.ts'
import { relay } from '../relay.ts'
import type { Server } from '../server.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'hikyaku')

/** Recipients of one call. */
const CALL = 10_000

/** A day ahead, nothing is sent while it is measured. */
const DAY = 86_400_000

export type BatchSize = {
  /** Recipients that are taken in while it is measured. */
  readonly recipients: number
  /** Messages of a measured run of relaying, of either kind, and before it. */
  readonly relayed: number
  readonly warmUp: number
}

export const BATCH: BatchSize = { recipients: 100_000, relayed: 20_000, warmUp: 20_000 }
export const BATCH_QUICK: BatchSize = { recipients: 20_000, relayed: 5_000, warmUp: 10_000 }

/** For all recipients of the full size; a smaller run is held to its part. */
export const ACCEPT_AT_MOST = 5

export const RELAY_AT_LEAST = 0.7

export type BatchAcceptRow = {
  readonly name: 'api-batch-accept'
  readonly recipients: number
  readonly seconds: number
  readonly cpuMsPerRecipient: number
  readonly atMost: { readonly seconds: number }
  readonly holds: boolean
}

export type BatchRelayRow = {
  readonly name: 'api-batch-relay'
  readonly messagesPerSecond: number
  /** The same node, the same run: messages by SMTP, signed by the same key, to the same sink. */
  readonly rawMessagesPerSecond: number
  readonly ratio: number
  readonly cpuMsPerMessage: number
  readonly rawCpuMsPerMessage: number
  readonly atLeast: { readonly ratio: number }
  readonly holds: boolean
}

/** @throws {Unavailable} without the load programs */
export async function batch(
  size: BatchSize,
  directory: string,
  cache: string,
): Promise<readonly [BatchAcceptRow, BatchRelayRow]> {
  const from = postfixPackage(cache)
  await using sink = await startSink(from, directory)
  const api = await freePort()
  await using server = await startHikyaku(directory, sink, { api: { port: api, tracking: await freePort() } })
  const target = { server, port: api, token: apiKey(directory), from }
  const relayed = await relayRow(target, size)
  return [await acceptRow(target, size), relayed]
}

type Target = {
  readonly server: Server
  /** Of the API. */
  readonly port: number
  readonly token: string
  readonly from: PostfixPackage
}

function apiKey(directory: string): string {
  const args = ['--config', join(directory, 'hikyaku.toml'), 'api-key', 'add', '--json']
  const { status, stdout, stderr } = spawnSync(PROGRAM, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`hikyaku api-key add failed: ${stderr}`)
  return (JSON.parse(stdout) as { token: string }).token
}

async function acceptRow(target: Target, { recipients }: BatchSize): Promise<BatchAcceptRow> {
  const sendAt = { send_at: new Date(Date.now() + DAY).toISOString() }
  await call(target, bodyOf(CALL, sendAt))
  const calls = Array.from({ length: recipients / CALL }, () => bodyOf(CALL, sendAt))
  const { group } = target.server
  const [began, cpu] = [performance.now(), group.cpu()]
  for (const body of calls) await call(target, body)
  const seconds = (performance.now() - began) / 1000
  const atMost = (ACCEPT_AT_MOST * recipients) / BATCH.recipients
  return {
    name: 'api-batch-accept',
    recipients,
    seconds: rounded(seconds),
    cpuMsPerRecipient: rounded((group.cpu() - cpu) / recipients),
    atMost: { seconds: atMost },
    holds: seconds <= atMost,
  }
}

/** Each kind is measured twice, in turn, and its better run counts: what else runs can only slow it. */
async function relayRow(target: Target, { relayed, warmUp }: BatchSize): Promise<BatchRelayRow> {
  await raw(target, warmUp)
  await letters(target, warmUp)
  const raws: Run[] = []
  const runs: Run[] = []
  for (let round = 0; round < 2; round += 1) {
    raws.push(await raw(target, relayed))
    runs.push(await letters(target, relayed))
  }
  const [best, bestRaw] = [faster(runs), faster(raws)]
  const ratio = rounded(best.messagesPerSecond / bestRaw.messagesPerSecond)
  return {
    name: 'api-batch-relay',
    messagesPerSecond: rounded(best.messagesPerSecond),
    rawMessagesPerSecond: rounded(bestRaw.messagesPerSecond),
    ratio,
    cpuMsPerMessage: rounded(best.cpuMsPerMessage),
    rawCpuMsPerMessage: rounded(bestRaw.cpuMsPerMessage),
    atLeast: { ratio: RELAY_AT_LEAST },
    holds: ratio >= RELAY_AT_LEAST,
  }
}

type Run = { readonly messagesPerSecond: number; readonly cpuMsPerMessage: number }

function raw({ server, from }: Target, messages: number): Promise<Run> {
  return relay(from, server, { messages, connections: 'reuse', from: `someone@${DOMAIN.signed}` })
}

/** What the node does after the last message has left counts as its CPU, as in `relay`. */
const TIDYING = 500

async function letters(target: Target, messages: number): Promise<Run> {
  const { group, sink } = target.server
  const [cpu, taken] = [group.cpu(), sink.taken()]
  const bodies: string[] = []
  for (let rest = messages; rest > 0; rest -= CALL) bodies.push(bodyOf(Math.min(rest, CALL)))
  const began = performance.now()
  for (const body of bodies) await call(target, body)
  await sink.until(taken + messages)
  const seconds = (performance.now() - began) / 1000
  await sleep(TIDYING)
  if (sink.taken() !== taken + messages) throw new Error('messages arrived twice')
  return { messagesPerSecond: messages / seconds, cpuMsPerMessage: (group.cpu() - cpu) / messages }
}

function faster(runs: readonly Run[]): Run {
  return runs.reduce((best, run) => (run.messagesPerSecond > best.messagesPerSecond ? run : best))
}

async function call({ port, token }: Target, body: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/messages/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
  })
  const said = await response.text()
  if (response.status !== 202)
    throw new Error(`the batch was answered ${response.status}: ${said.slice(0, 500)}`)
}

/**
 * Made, it is a message of some 5,000 octets in two alternatives, with six places that are filled in, and in the HTML
 * four links and a picture that are tracked.
 */
const LINK = '<p><a href="https://shop.example/this/week?from=mail">This week</a></p>\n'
const LINE = '<p style="margin:0">What we have for you this week is worth a look.</p>\n'

function bodyOf(recipients: number, more: object = {}): string {
  return JSON.stringify({
    from: `Shop <shop@${DOMAIN.signed}>`,
    subject: 'For {{ name }}: {{ points }} points',
    text: `Dear {{ name }},\n\n${'What we have for you this week is worth a look.\n'.repeat(30)}\n{{ code }}\n`,
    html: `<html><body><p>Dear {{ name }},</p>\n${LINE.repeat(34)}${LINK.repeat(4)}<p>{% if points > 100 %}{{ points }} points{% endif %} {{ code }}</p></body></html>`,
    recipients: Array.from({ length: recipients }, (_, n) => ({
      to: { email: `user${n}@receiver.example`, name: `User ${n}` },
      variables: { name: `User ${n}`, points: n % 200, code: `code-${n}` },
    })),
    tracking: { opens: true, clicks: true },
    ...more,
  })
}

/** Four significant digits: no run repeats more. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
