// Holds what the control API shows of exports: the sinks that records go to. History: v1.

import { z } from 'zod'
import { Time } from './text.ts'

/** One sink, and how it is doing. */
export const SinkAnswer = z
  .object({
    name: z.string(),
    kind: z.enum(['syslog', 'otlp', 'webhook', 'slack', 'email', 'file']),
    /** Where to, without credentials. */
    target: z.string(),
    /** Index of the first record that it has not had. */
    next: z.number().int(),
    /** Records of the log that it has not had. */
    lag: z.number().int(),
    /** Events sent since the start. */
    sent: z.number().int(),
    /** Events that it refused one by one, which were left out. */
    refused: z.number().int(),
    last_sent: Time.nullable(),
    /** Why it stands still; null while all is well. */
    problem: z.string().nullable(),
  })
  .meta({ id: 'Sink' })

/** Answer of `GET /v1/audit/sinks`. */
export const SinksAnswer = z.object({ sinks: z.array(SinkAnswer) })

/** Answer of `POST /v1/audit/sinks/{name}/test`: the sink took the record of this index. */
export const SinkTested = z.object({ sink: z.string(), index: z.number().int() })

/** Body of `POST /v1/audit/sinks/{name}/replay`. */
export const SinkReplay = z.strictObject({
  /** Index of the first record to be sent again. */
  from: z.number().int().min(0),
})

export type SinkAnswer = z.infer<typeof SinkAnswer>
