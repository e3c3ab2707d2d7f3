// Holds `policy replay`: what of the recorded traffic these files would answer in another way, call by call.

import type { Command } from 'commander'
import { ReplayPage, type ReplayedCall } from '../../wire/api/policy-replay.ts'
import type { PolicySource } from '../../wire/api/policy.ts'
import type { Context } from '../context.ts'
import type { Control } from '../control/control.ts'
import { collectPolicies } from '../policy-files.ts'
import { table, type Surface } from '../terminal/table.ts'
import { when } from '../terminal/when.ts'
import { sinceOf } from './since.ts'

/** What was found over all pages. */
export interface Replayed {
  readonly digest: string
  readonly calls: number
  readonly used: number
  readonly covered: number
  readonly dropped: number
  readonly damaged: number
  readonly unknown: number
  readonly newly_denied: number
  readonly newly_allowed: number
  readonly newly_held: number
  readonly changes: readonly ReplayedCall[]
}

/** What is asked for. */
export interface ReplayWish {
  readonly sources?: readonly PolicySource[]
  readonly since: string
  readonly agent?: string
  readonly alone?: boolean
  /** Changes that are kept at most; all are counted. */
  readonly limit: number
}

/** How long one page may take (ms): it works for a second or two, and the first compiles. */
const PATIENCE_MS = 60_000

/** Asks page after page, so that giving up ends it. */
export async function replayAll(
  control: Control,
  wish: ReplayWish,
  progress: (calls: number) => void,
): Promise<Replayed> {
  const sums = { calls: 0, used: 0, covered: 0, dropped: 0, damaged: 0, unknown: 0 }
  const news = { newly_denied: 0, newly_allowed: 0, newly_held: 0 }
  const changes: ReplayedCall[] = []
  let cursor: string | null = null
  let digest = ''
  do {
    const body: object = {
      ...wish,
      limit: Math.max(0, Math.min(500, wish.limit - changes.length)),
      ...(cursor !== null && { cursor }),
    }
    const page: ReplayPage = await control.send(
      'POST',
      '/v1/policies/replay',
      body,
      ReplayPage,
      PATIENCE_MS,
    )
    for (const name of ['calls', 'used', 'covered', 'dropped', 'damaged', 'unknown'] as const) {
      sums[name] += page[name]
    }
    for (const name of ['newly_denied', 'newly_allowed', 'newly_held'] as const) {
      news[name] += page[name]
    }
    changes.push(...page.changes)
    digest = page.digest
    cursor = page.next
    progress(sums.calls)
  } while (cursor !== null)
  return { digest, ...sums, ...news, changes }
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}

/** The counts in words, and the calls that change as a table. */
export function drawReplayed(replayed: Replayed, surface: Surface, now: number): string {
  const { calls, dropped, damaged, unknown, changes } = replayed
  const { newly_denied: denied, newly_allowed: allowed, newly_held: held } = replayed
  const lines = [
    `replay covers ${number(calls)} of ${number(calls + dropped + unknown)} calls`,
    `would have denied ${number(denied)} of ${number(calls)} calls, newly allowed ${number(allowed)}, newly held ${number(held)}`,
  ]
  if (unknown > 0) {
    lines.push(`${number(unknown)} calls were of actions that are pinned otherwise by now`)
  }
  if (damaged > 0)
    lines.push(`${number(damaged)} parts of the traffic do not open: they were changed`)
  const odd = changes.filter(({ record }) => record !== 'agrees')
  if (odd.length > 0) {
    lines.push(
      `${number(odd.length)} of the calls below are not what the record says: bailiwick audit show ${odd[0]!.call}`,
    )
  }
  const head = `${lines.join('\n')}\n`
  if (changes.length === 0) return head
  const rows = changes.map((one) => [
    when(one.at, now),
    one.agent,
    `${one.system}/${one.action}`,
    one.before,
    one.after,
    one.by_before.join(' ') || 'no policy',
    one.by_after.join(' ') || 'no policy',
    one.record === 'agrees' ? one.call : `${one.call} (${one.record})`,
  ])
  const heads = ['AT', 'AGENT', 'ACTION', 'WAS', 'WOULD BE', 'BY THEN', 'BY NOW', 'CALL']
  return `${head}\n${table(heads, rows, surface)}`
}

interface ReplayOptions {
  readonly since: string
  readonly agent?: string
  readonly limit: string
}

async function replay(context: Context, paths: readonly string[], options: ReplayOptions) {
  const { screen, shell } = context
  const wish: ReplayWish = {
    ...(paths.length > 0 && { sources: collectPolicies(paths, shell.cwd) }),
    since: sinceOf(options.since, screen.now),
    ...(options.agent !== undefined && { agent: options.agent }),
    limit: /^\d{1,6}$/.test(options.limit) ? Number(options.limit) : 100,
  }
  const control = await context.control()
  let told = 0
  const replayed = await replayAll(control, wish, (calls) => {
    if (calls - told < 50_000) return
    told = calls
    screen.say(`${number(calls)} calls until now`)
  })
  screen.answer(replayed, (surface) => drawReplayed(replayed, surface, screen.now))
}

/** Adds the verb. */
export function register(policy: Command, context: Context): void {
  policy
    .command('replay [path...]')
    .description('decide the recorded traffic again by these files, or by what is in force')
    .option('--since <time>', 'from when on: 30d, 12h, or a day', '30d')
    .option('--agent <name>', 'calls of this agent alone')
    .option('--limit <count>', 'changed calls to show; all are counted', '100')
    .action((paths: string[], options: ReplayOptions) => replay(context, paths, options))
}
