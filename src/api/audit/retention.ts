// Holds the route that shows how long the log is kept. What it says is a file's, and nothing here can change it.

import type { ShardStanding } from '../../audit/retention/standing.ts'
import { rfc3339 } from '../../std/clock.ts'
import { RetentionAnswer, type ShardAnswer } from '../../wire/api/retention.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

function shown({ shard, base, records, state, endsAt, dueAt, why }: ShardStanding): ShardAnswer {
  return {
    shard,
    base,
    records,
    state,
    ends_at: Number.isFinite(endsAt) ? rfc3339(endsAt) : null,
    due_at: dueAt !== undefined && Number.isFinite(dueAt) ? rfc3339(dueAt) : null,
    why: why ?? null,
  }
}

/** Serves retention. */
export function serveRetention(
  surface: Surface,
  { retention }: Pick<ControlPorts, 'retention'>,
): void {
  surface.closed(
    'GET /v1/audit/retention',
    { summary: 'How long each shard of the log is kept', answer: RetentionAnswer },
    () => {
      const { keep, shards, inDatabase, problem = null } = retention.state()
      return { keep, shards: shards.map(shown), in_database: [...inDatabase], problem }
    },
  )
}
