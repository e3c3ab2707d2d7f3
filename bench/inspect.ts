// Holds the bench of inspection: what a small answer costs, and how fast large ones and streams go through, plain and with everything on.

import { isDenial } from '../src/gateway/denial.ts'
import { openInspection } from '../src/gateway/inspect/inspection.ts'
import type { JsonObject } from '../src/std/json.ts'
import { systemClock } from '../src/std/clock.ts'
import type { Decision } from '../src/wire/decision.ts'
import { PERSONAL_KINDS } from '../src/wire/obligation.ts'
import type { ActionDefinition } from '../src/wire/system.ts'
import { median, rounded } from './sample.ts'

const ROUNDS = 5
const SMALL = 20_000
const MEGABYTE = 1_048_576
/** Looks at a large answer in one round. */
const LARGE = 5
const CHUNK = 65_536

const ACTION: ActionDefinition = { name: 'read', inputSchema: {}, effects: ['read'], digest: '' }
const PLAIN: Decision = { answer: 'allow', parties: [], gates: [], policySet: '', reason: '' }
/** Everything that policy can ask for. */
const STRICT: Decision = {
  ...PLAIN,
  obligations: {
    redact: PERSONAL_KINDS,
    links: [['docs.example.com', 'x.example']],
    maxBytes: 1e9,
    labels: ['web'],
  },
}
const SECRETS = {
  secrets: ['hunter2-Secret/42', 'another-secret-of-this-call', 'and-a-third-one-0123456789'],
}
const LINE =
  'Lorem ipsum dolor sit amet, {"id": 12345, "at": "2026-01-01T10:00:00Z"}, 100 % of it & more: see https://x.example/a?b=c\n'

function answer(): JsonObject {
  const text = 'Created issue 42 in owner/repo: the title of it, and who is to look at it.'
  return {
    content: [{ type: 'text', text }],
    structuredContent: { id: 42, ok: true, name: 'issue' },
  }
}

/** Runs work so many times in a round; milliseconds of one, the median of the rounds. */
function each(count: number, work: () => void): number {
  for (let at = 0; at < Math.min(count, 5_000); at += 1) work()
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = systemClock.monotonic()
    for (let at = 0; at < count; at += 1) work()
    return (systemClock.monotonic() - start) / count
  })
  return median(rounds)
}

function looking(decision: Decision, tree: JsonObject): () => void {
  return () => {
    const looked = openInspection({ action: ACTION, decision }, SECRETS).tree(tree)
    if (isDenial(looked)) throw new Error(`refused: ${looked.code}`)
  }
}

function streaming(decision: Decision, type: string, body: Buffer): () => void {
  return () => {
    const opened = openInspection({ action: ACTION, decision }, SECRETS)
    const stream = opened.stream(type, { maxBytes: 1e9 })
    let bytes = 0
    for (let at = 0; at < body.length; at += CHUNK) {
      bytes += stream.push(body.subarray(at, at + CHUNK)).length
    }
    if (bytes + stream.end().length === 0) throw new Error('nothing came through')
  }
}

/** Inspection: microseconds of a small answer, megabytes a second of large ones. */
export function inspect(): Promise<Readonly<Record<string, number>>> {
  const text = LINE.repeat(Math.ceil(MEGABYTE / LINE.length))
  const large: JsonObject = { content: [{ type: 'text', text }] }
  const lines = LINE.trimEnd()
  const json = Buffer.from(JSON.stringify(text.split('\n').map(() => lines)))
  const events = Buffer.from(text.replaceAll(/^(.*)\n/gm, 'data: $1\n\n'))
  const rate = (bytes: number, work: () => void): number =>
    rounded(bytes / MEGABYTE / (each(LARGE, work) / 1_000), 1)
  const figures = (decision: Decision, name: string): Record<string, number> => ({
    [`${name}_small_us`]: rounded(each(SMALL, looking(decision, answer())) * 1_000),
    [`${name}_text_mb_s`]: rate(text.length, looking(decision, large)),
    [`${name}_stream_text_mb_s`]: rate(
      text.length,
      streaming(decision, 'text/plain', Buffer.from(text)),
    ),
    [`${name}_stream_json_mb_s`]: rate(json.length, streaming(decision, 'application/json', json)),
    [`${name}_stream_events_mb_s`]: rate(
      events.length,
      streaming(decision, 'text/event-stream', events),
    ),
  })
  return Promise.resolve({ ...figures(PLAIN, 'plain'), ...figures(STRICT, 'strict') })
}
