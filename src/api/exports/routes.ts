// Holds the routes of exports: the sinks, a test of one, and sending one everything from a record on. What they are is a file's.

import { z } from 'zod'
import type { SinkState } from '../../audit/export/sink.ts'
import { rfc3339 } from '../../std/clock.ts'
import { SinkAnswer, SinkReplay, SinksAnswer, SinkTested } from '../../wire/api/export.ts'
import { Name } from '../../wire/api/text.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

const ByName = z.strictObject({ name: Name })

function shown(state: SinkState & { readonly lag: number }): SinkAnswer {
  const { name, kind, target, next, lag, sent, refused, lastSent, problem } = state
  return {
    name,
    kind: SinkAnswer.shape.kind.parse(kind),
    target,
    next,
    lag,
    sent,
    refused,
    last_sent: lastSent === undefined ? null : rfc3339(lastSent),
    problem: problem ?? null,
  }
}

/** Serves exports. */
export function serveExports(surface: Surface, { exports }: ControlPorts): void {
  surface.closed(
    'GET /v1/audit/sinks',
    { summary: 'Where records go, and how far each has come', answer: SinksAnswer },
    () => ({ sinks: exports.states().map(shown) }),
  )
  surface.closed(
    'POST /v1/audit/sinks/{name}/test',
    { summary: 'Record a test and send it to a sink at once', params: ByName, answer: SinkTested },
    async ({ params, person }) => ({
      sink: params.name,
      ...(await exports.test(params.name, person.id)),
    }),
  )
  surface.closed(
    'POST /v1/audit/sinks/{name}/replay',
    {
      summary: 'Send a sink everything from a record on once more',
      params: ByName,
      body: SinkReplay,
      answer: SinksAnswer,
    },
    async ({ params, body, person }) => {
      await exports.replay(params.name, body.from, person.id)
      return { sinks: exports.states().map(shown) }
    },
  )
}
