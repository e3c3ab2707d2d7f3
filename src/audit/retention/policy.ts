// Holds the reading of `retention.yaml`: how long shards of the log are kept. It is a file so that no API can shorten it.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { parseDocument } from 'yaml'
import { z } from 'zod'

import { fault } from '../faults.ts'
import { isShardName } from '../shard.ts'

/** Months that a shard is kept after its end, at the least, whatever the file says: Regulation (EU) 2024/1689, articles 19 and 26(6). */
export const LEAST_MONTHS = 6
const MOST_MONTHS = 1200
const FILE_MAX = 1 << 16
const HOLDS_MAX = 64

const Keep = z
  .string()
  .regex(/^(?:forever|[1-9]\d{0,3} (?:month|year)s?)$/, 'is not like 2 years, 18 months or forever')
const File = z.strictObject({
  /** How long after its end a shard is kept. */
  keep: Keep,
  /** Shards that stay whatever their age: a case is open, an authority has asked. */
  holds: z
    .array(
      z.strictObject({
        shard: z.string().refine(isShardName, 'is not a shard like 2026h2'),
        because: z.string().min(1).max(200),
      }),
    )
    .max(HOLDS_MAX)
    .default([]),
  /** Folder that every shard is exported to, verified, before it goes. */
  export: z.string().min(1).max(1024).refine(isAbsolute, 'is not an absolute path').optional(),
})

/** How long a home keeps its log. */
export interface RetentionPolicy {
  /** Months after the end of a shard; undefined: forever. */
  readonly months: number | undefined
  /** As the file says it. */
  readonly keep: string
  /** Why a shard is held, by its name. */
  readonly holds: ReadonlyMap<string, string>
  /** Absolute path. */
  readonly export: string | undefined
}

/** What a home does that has no such file. */
const FOREVER: RetentionPolicy = {
  months: undefined,
  keep: 'forever',
  holds: new Map(),
  export: undefined,
}

/** Reads the policy of a home; without the file everything is kept. Throws `audit.retention`. */
export function readRetention(home: string): RetentionPolicy {
  const path = join(home, 'retention.yaml')
  if (!existsSync(path)) return FOREVER
  if (statSync(path).size > FILE_MAX) throw fault('audit.retention', 'retention.yaml is too large')
  return parseRetention(readFileSync(path, 'utf8'))
}

/** Reads the text of a policy. Throws `audit.retention`. */
export function parseRetention(text: string): RetentionPolicy {
  const document = parseDocument(text, { uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) {
    const line = error.linePos?.[0].line ?? 1
    throw fault('audit.retention', `retention.yaml is not YAML at line ${line}`)
  }
  const parsed = File.safeParse(document.toJS({ maxAliasCount: 0 }))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const place = issue?.path.join('.') ?? ''
    const where = place === '' ? '' : ` at ${place}`
    throw fault('audit.retention', `retention.yaml${where}: ${issue?.message ?? 'is not a policy'}`)
  }
  const { keep, holds, export: folder } = parsed.data
  const months = monthsOf(keep)
  if (months !== undefined && (months < LEAST_MONTHS || months > MOST_MONTHS)) {
    const bounds = `from ${LEAST_MONTHS} months to ${MOST_MONTHS / 12} years`
    throw fault('audit.retention', `retention.yaml at keep: is not ${bounds}`)
  }
  const held = new Map(holds.map(({ shard, because }) => [shard, because]))
  return { months, keep, holds: held, export: folder }
}

function monthsOf(keep: string): number | undefined {
  if (keep === 'forever') return undefined
  const [count = '', unit = ''] = keep.split(' ')
  return Number(count) * (unit.startsWith('year') ? 12 : 1)
}
