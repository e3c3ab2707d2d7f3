// Holds `policy diff`: two sets of policies compared by what they say, by made-up calls at their boundaries, and by recorded ones.

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { isUuid } from '../../std/id.ts'
import { PoliciesAnswer, type PolicySource } from '../../wire/api/policy.ts'
import { PolicyVersionAnswer } from '../../wire/api/policy-version.ts'
import type { Context } from '../context.ts'
import { target } from '../control/control.ts'
import { fault } from '../faults.ts'
import { collectPolicies } from '../policy-files.ts'
import { lineJson } from '../terminal/json.ts'
import type { Surface } from '../terminal/table.ts'
import { visible } from '../terminal/visible.ts'
import { factsOf, SYSTEMS_OPTION, type FactsOptions } from './facts.ts'
import { drawProblems } from './problems.ts'
import { drawReplayed, replayAll } from './replay.ts'
import { sinceOf } from './since.ts'

interface DiffOptions extends FactsOptions {
  readonly since?: string
}

/** A set by how it is named: `live`, the id of a version, or a path. */
async function sourcesOf(context: Context, name: string): Promise<readonly PolicySource[]> {
  const { shell } = context
  if (statSync(resolve(shell.cwd, name), { throwIfNoEntry: false }) !== undefined) {
    return collectPolicies([name], shell.cwd)
  }
  if (name === 'live') {
    return (await (await context.control()).get('/v1/policies', PoliciesAnswer)).sources
  }
  if (!isUuid(name)) {
    throw fault('cli.file', `${name} is no file, no folder, no version and not \`live\``)
  }
  const path = target(['v1', 'policies', 'versions', name])
  return (await (await context.control()).get(path, PolicyVersionAnswer)).sources
}

interface Compared {
  readonly policies: readonly {
    readonly id: string
    readonly change: 'added' | 'removed' | 'changed'
    readonly parts: readonly string[]
  }[]
  readonly classes: readonly {
    readonly action: string
    readonly before: string
    readonly after: string
    readonly by_before: readonly string[]
    readonly by_after: readonly string[]
    readonly calls: number
    readonly example: object
  }[]
  readonly asked: number
}

const MARKS = { added: ['green', '+'], removed: ['red', '-'], changed: ['yellow', '~'] } as const

function draw({ policies, classes, asked }: Compared, surface: Surface): string {
  const lines = policies.map(({ id, change, parts }) => {
    const [style, mark] = MARKS[change]
    const what = parts.length === 0 ? '' : `: ${parts.join(', ')}`
    return surface.paint(style, `${mark} ${visible(id)}${what}`)
  })
  if (lines.length === 0) lines.push('no policy says anything else')
  for (const one of classes) {
    const by = (ids: readonly string[]): string => ids.join(', ') || 'no policy'
    lines.push(
      visible(
        `${one.action}: ${one.before} by ${by(one.by_before)} → ${one.after} by ${by(one.by_after)}`,
      ),
      surface.paint('dim', visible(`    for example ${lineJson(one.example)}`)),
    )
  }
  lines.push(
    `${classes.length} classes of calls change their answer, of ${asked} calls that were made up`,
  )
  return `${lines.join('\n')}\n`
}

async function diff(context: Context, old: string, now: string, options: DiffOptions) {
  const { screen } = context
  const [before, after] = [await sourcesOf(context, old), await sourcesOf(context, now)]
  const facts = await factsOf(context, options)
  const { checkPolicies, compareSets } = await import('../../server/policy-desk.ts')
  const [a, b] = [checkPolicies(before, facts), checkPolicies(after, facts)]
  for (const { problems, set } of [a, b]) {
    if (set !== undefined) continue
    screen.show(drawProblems(problems, 'error', screen.talk))
    throw fault('cli.policy_check', 'one of the two sets does not hold, so nothing was compared')
  }
  const compared = compareSets(a.set!, b.set!)
  const replayed =
    options.since === undefined
      ? undefined
      : await replayAll(
          await context.control(),
          { sources: after, since: sinceOf(options.since, screen.now), limit: 100 },
          () => undefined,
        )
  screen.answer({ ...compared, ...(replayed && { replayed }) }, (surface) => {
    const drawn = draw(compared, surface)
    return replayed === undefined
      ? drawn
      : `${drawn}\n${drawReplayed(replayed, surface, screen.now)}`
  })
}

/** Adds the verb. */
export function register(policy: Command, context: Context): void {
  policy
    .command('diff <old> <new>')
    .description('compare two sets: files, folders, versions, or `live`')
    .option(...SYSTEMS_OPTION)
    .option('--since <time>', 'decide recorded traffic since then by the new one as well')
    .action((old: string, now: string, options: DiffOptions) => diff(context, old, now, options))
}
