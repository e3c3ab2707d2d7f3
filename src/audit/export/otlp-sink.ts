// Holds the sink that speaks OTLP over HTTP in its JSON encoding to a collector.

import type { Agent } from 'undici'

import { parseJson, isObject, canonicalJson, type JsonObject } from '../../std/json.ts'
import { utf8 } from '../../std/bytes.ts'
import { exportFault } from './faults.ts'
import { post, poster } from './http-post.ts'
import { otlpLogs, otlpTraces } from './otlp.ts'
import type { ExportEvent, Sink } from './sink.ts'
import type { SinkSettings } from './settings.ts'
import { readSetting } from './tls-files.ts'

/** Logs and traces; both have to be taken before a batch counts. */
export class OtlpSink implements Sink {
  readonly settleMs = 0
  readonly #settings: SinkSettings & { kind: 'otlp' }
  readonly #version: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #agent: Agent

  /** Throws `export.settings` for a file of headers that cannot be read. */
  constructor(settings: SinkSettings & { kind: 'otlp' }, version: string) {
    this.#settings = settings
    this.#version = version
    const file = settings.headers_file
    this.#headers = file === undefined ? {} : readHeaders(readSetting(file), settings.name)
    this.#agent = poster(settings)
  }

  async send(events: readonly ExportEvent[]): Promise<void> {
    const { signals } = this.#settings
    const traces = signals.includes('traces') ? otlpTraces(events, this.#version) : undefined
    if (signals.includes('logs')) await this.#post('logs', otlpLogs(events, this.#version))
    if (traces !== undefined) await this.#post('traces', traces)
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  async #post(signal: 'logs' | 'traces', body: JsonObject): Promise<void> {
    const base = this.#settings.url.replace(/\/+$/, '')
    const headers = { 'content-type': 'application/json', ...this.#headers }
    const answer = await post(this.#agent, `${base}/v1/${signal}`, headers, canonicalJson(body))
    if (rejected(answer))
      throw exportFault('export.refused', `it took a part of the ${signal} only`)
  }
}

/** A partial success that took less than everything (OTLP/HTTP §Partial Success). */
function rejected(answer: string): boolean {
  if (answer.trim() === '') return false
  let json
  try {
    json = parseJson(utf8(answer))
  } catch {
    // Anything else that came with 200 is a success without a word.
    return false
  }
  const partial = isObject(json) && isObject(json['partialSuccess']) ? json['partialSuccess'] : {}
  const counts = [partial['rejectedLogRecords'], partial['rejectedSpans']]
  return counts.some((count) => Number(count ?? 0) > 0)
}

function readHeaders(text: string, sink: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([A-Za-z0-9-]+):[ \t]*([!-~][ -~]*?)[ \t]*\r?$/.exec(line) ?? []
      if (name === undefined || value === undefined) {
        throw exportFault('export.settings', `the headers of ${sink} are not lines of Name: value`)
      }
      return [name.toLowerCase(), value]
    }),
  )
}
