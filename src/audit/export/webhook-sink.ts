// Holds the sink that posts to a webhook, signed as Standard Webhooks says (standardwebhooks.com, version 1).

import { createHmac } from 'node:crypto'
import type { Agent } from 'undici'

import type { Clock } from '../../std/clock.ts'
import { utf8 } from '../../std/bytes.ts'
import { canonicalJson } from '../../std/json.ts'
import { exportFault } from './faults.ts'
import { noticeOf } from './notice.ts'
import { post, poster } from './http-post.ts'
import { rendered } from './rendered.ts'
import type { ExportEvent, Sink } from './sink.ts'
import type { SinkSettings } from './settings.ts'
import { readSetting } from './tls-files.ts'

const KEY_BYTES_MIN = 24

/** One POST per batch: a JSON array, with an id that stays the same when it is sent again. */
export class WebhookSink implements Sink {
  readonly settleMs = 0
  readonly #settings: SinkSettings & { kind: 'webhook' }
  readonly #clock: Clock
  readonly #link: string
  readonly #key: Uint8Array
  readonly #agent: Agent

  /** Throws `export.settings` for a key that is too short. */
  constructor(settings: SinkSettings & { kind: 'webhook' }, clock: Clock, control: string) {
    this.#settings = settings
    this.#link = settings.link ?? control
    this.#clock = clock
    this.#key = webhookKey(readSetting(settings.secret_file).trim())
    if (this.#key.length < KEY_BYTES_MIN) {
      throw exportFault('export.settings', `the key of ${settings.name} has less than 24 bytes`)
    }
    this.#agent = poster(settings)
  }

  async send(events: readonly ExportEvent[]): Promise<void> {
    const { url } = this.#settings
    const texts = this.#texts(events)
    if (texts.length === 0) return
    const body = `[${texts.join(',')}]`
    // The first leaf and how many: the same batch has the same id, so that whoever had it knows it.
    const id = `msg_${events[0]?.leaf ?? 'none'}_${events.length}`
    const timestamp = String(Math.floor(this.#clock.now() / 1_000))
    await post(
      this.#agent,
      url,
      {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': webhookSignature(this.#key, id, timestamp, body),
      },
      body,
    )
  }

  #texts(events: readonly ExportEvent[]): string[] {
    const { format } = this.#settings
    if (format !== 'notice') return events.map((event) => rendered(event, format))
    const at = { link: this.#link, now: this.#clock.now() }
    return events.flatMap((event) => {
      const notice = noticeOf(event, at)
      return notice === undefined ? [] : [canonicalJson({ ...notice })]
    })
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }
}

/** `v1,` and the base64 HMAC-SHA-256 over id, timestamp and body with dots between (Standard Webhooks §Signature scheme). */
export function webhookSignature(
  key: Uint8Array,
  id: string,
  timestamp: string,
  body: string,
): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

/** `whsec_` marks base64; anything else is the key's own text. */
function webhookKey(text: string): Uint8Array {
  return text.startsWith('whsec_') ? Buffer.from(text.slice(6), 'base64') : utf8(text)
}
