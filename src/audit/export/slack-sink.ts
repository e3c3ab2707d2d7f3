// Holds the sink that tells a Slack channel, by an incoming webhook: tool and agent alone, and a link that carries no authority.

import type { Agent } from 'undici'

import type { Clock } from '../../std/clock.ts'
import { exportFault } from './faults.ts'
import { post, poster } from './http-post.ts'
import { noticeOf, type Notice } from './notice.ts'
import { Told } from './told.ts'
import type { ExportEvent, Sink } from './sink.ts'
import type { SinkSettings } from './settings.ts'
import { isOutboundHost } from '../outbound.ts'
import { readSetting } from './tls-files.ts'

/** One message for each notice. */
export class SlackSink implements Sink {
  readonly settleMs = 0
  readonly #clock: Clock
  readonly #link: string
  readonly #url: string
  readonly #agent: Agent
  readonly #told = new Told()

  /** Throws `export.settings` for a file that holds no address that may be used. */
  constructor(settings: SinkSettings & { kind: 'slack' }, clock: Clock, control: string) {
    this.#clock = clock
    this.#link = settings.link ?? control
    this.#url = readSetting(settings.url_file).trim()
    if (!isWebhook(this.#url)) {
      throw exportFault('export.settings', `${settings.name}: url_file holds no https address`)
    }
    this.#agent = poster(settings)
  }

  async send(events: readonly ExportEvent[]): Promise<void> {
    const at = { link: this.#link, now: this.#clock.now() }
    for (const event of events) {
      const notice = noticeOf(event, at)
      if (notice === undefined || this.#told.has(event.leaf)) continue
      const body = JSON.stringify(slackMessage(notice))
      await post(this.#agent, this.#url, { 'content-type': 'application/json' }, body)
      this.#told.add(event.leaf)
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }
}

/** The address is the credential: it goes nowhere in the clear but to this machine. */
function isWebhook(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '' || !isOutboundHost(hostname)) return false
  return protocol === 'https:' || (protocol === 'http:' && hostname === '127.0.0.1')
}

/**
 * A message. What came from somebody stands in `plain_text`, where Slack reads no marks, mentions or links; the fallback that
 * notifications show has Slack's three escapes and marks switched off.
 */
export function slackMessage({ title, url }: Notice): object {
  return {
    text: escaped(title),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'section', text: { type: 'plain_text', text: title, emoji: false } },
      ...(url === undefined
        ? []
        : [
            {
              type: 'section',
              text: { type: 'mrkdwn', text: `<${escaped(url)}|Open and sign in>` },
            },
          ]),
    ],
  }
}

/** Slack's control characters ("Escaping text"). */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
