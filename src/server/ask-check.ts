// Holds the asking of a check: one signed POST about one call, bounded in time and size, whose signed answer alone counts.

import { Agent, request } from 'undici'
import { webhookSignature } from '../audit/export/webhook-sink.ts'
import { outboundLookup } from '../audit/outbound.ts'
import type { Checks } from '../authority/checks/checks.ts'
import type { CheckAsk, CheckPort } from '../gateway/ports.ts'
import { base64url } from '../std/bytes.ts'
import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import { canonicalJson } from '../std/json.ts'
import { CHECK_SIGNATURE, MOST_ANSWER, readAnswer, type CheckVerdict } from '../wire/check.ts'

/** Checks that are asked at once, of all calls together. */
const CONNECTIONS = 32

/** The port of the gateway, with its connections. */
export class CheckAsker implements CheckPort {
  readonly #checks: Pick<Checks, 'open'>
  readonly #clock: Clock
  readonly #entropy: Entropy
  readonly #agent = new Agent({
    connections: CONNECTIONS,
    connect: { timeout: 5_000, lookup: outboundLookup, minVersion: 'TLSv1.2' },
    maxResponseSize: MOST_ANSWER,
  })

  constructor(parts: {
    readonly checks: Pick<Checks, 'open'>
    readonly clock: Clock
    readonly entropy: Entropy
  }) {
    this.#checks = parts.checks
    this.#clock = parts.clock
    this.#entropy = parts.entropy
  }

  async ask(of: CheckAsk): Promise<CheckVerdict> {
    const open = this.#checks.open(of.check)
    if (open === undefined) return none('no check of this name is registered')
    const { check, key } = open
    const nonce = base64url(this.#entropy.bytes(24))
    const body = questionOf(of, nonce)
    const timestamp = String(Math.floor(this.#clock.now() / 1_000))
    try {
      const response = await request(check.url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': nonce,
          'webhook-timestamp': timestamp,
          'webhook-signature': webhookSignature(key, nonce, timestamp, body),
        },
        body,
        headersTimeout: check.timeoutMs,
        bodyTimeout: check.timeoutMs,
        signal: AbortSignal.any([of.signal, AbortSignal.timeout(check.timeoutMs)]),
      })
      const text = await response.body.text()
      if (response.statusCode !== 200) return none(`it answered ${response.statusCode}`)
      const signature = response.headers[CHECK_SIGNATURE]
      const signed = typeof signature === 'string' ? signature : ''
      return readAnswer(key, { nonce, digest: of.digest }, { body: text, signature: signed })
    } catch (error) {
      return none(`no answer: ${wordOf(error)}`)
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }
}

/** The question: the very call, with the arguments that would be sent. */
function questionOf(of: CheckAsk, nonce: string): string {
  const { actor } = of
  return canonicalJson({
    v: 1,
    nonce,
    check: of.check,
    call: of.call,
    digest: of.digest,
    agent: actor.agent,
    instance: actor.instance,
    ...(actor.delegation !== undefined && { person: actor.delegation.person }),
    ...(actor.task !== undefined && { task: actor.task.id }),
    system: of.system,
    action: of.action,
    definition: of.definition,
    effects: [...of.effects],
    input: of.input,
  })
}

function none(reason: string): CheckVerdict {
  return { verdict: 'none', reason }
}

function wordOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
