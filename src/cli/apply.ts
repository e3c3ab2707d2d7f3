// Holds `apply`: documents beside what is there, the difference shown, and after a yes brought about through the API.

import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { Fault } from '../std/fault.ts'
import { drawPlan } from './apply/draw.ts'
import { sourcesOf } from './apply/files.ts'
import { fault } from './apply/faults.ts'
import { policyChanges, policyFolder } from './apply/policies.ts'
import { kindsAt, planOf, wantedOf, type Change } from './apply/plan.ts'
import { readYaml } from './apply/yaml.ts'
import type { Context } from './context.ts'
import type { Control } from './control/control.ts'
import { Proposed } from './control/proposed.ts'
import { documentFrom } from './system/document.ts'
import { valueFrom } from './system/value-source.ts'
import { confirm } from './terminal/ask.ts'
import { visible } from './terminal/visible.ts'

interface ApplyOptions {
  readonly file: string
  readonly dryRun?: boolean
  readonly prune?: boolean
  readonly reason?: string
  readonly exitCode?: boolean
}

/** What programs are told. */
function told(changes: readonly Change[], applied: boolean) {
  return {
    applied,
    changes: changes.map(({ kind, name, action, file, line, members }) => ({
      kind,
      name,
      action,
      ...(file !== undefined && { file, line }),
      members,
    })),
  }
}

/** Two questions where something would be retired: that one cannot be taken back. */
async function agreed({ shell, asking }: Context, changes: readonly Change[]): Promise<void> {
  const things = changes.length === 1 ? 'this change' : `these ${changes.length} changes`
  await confirm(shell, asking, `Make ${things}?`)
  const retired = changes.filter(
    ({ action, members }) =>
      action === 'retire' ||
      members.some(({ member, to }) => member === 'state' && to === 'retired'),
  )
  if (retired.length === 0) return
  const names = retired.map(({ name }) => name).join(', ')
  await confirm(shell, asking, `Retire for good, with everything that they hold: ${names}?`)
}

/**
 * Makes the changes one after the other, and stops at the first that is refused, naming its document. Answers with those that others have to
 * agree to first: what follows may need them, and says so by itself.
 */
async function make(
  control: Control,
  changes: readonly Change[],
  reason: string,
): Promise<readonly Proposed[]> {
  const proposed: Proposed[] = []
  for (const [at, change] of changes.entries()) {
    try {
      await change.send({ control, reason })
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      if (error instanceof Proposed) {
        proposed.push(error)
        continue
      }
      const { kind, name, file, line } = change
      const where = file === undefined ? '' : `${file}:${line}: `
      const waits = proposed.length === 0 ? '' : `, ${proposed.length} were proposed`
      const done = `${at - proposed.length} of ${changes.length} changes were made before it${waits}`
      const detail = `${where}${kind} ${name}: ${error.detail}; ${done}`
      throw new Fault(error.code, { status: error.status, next: error.next }, detail, error)
    }
  }
  return proposed
}

/** The file's own name: the folders above it are nobody's business in a record that stays. */
function defaultReason(file: string): string {
  return `applied from ${file === '-' ? 'standard input' : basename(resolve(file))}`.slice(0, 500)
}

async function apply(context: Context, options: ApplyOptions): Promise<void> {
  const { screen } = context
  const kinds = kindsAt(() => screen.now, {
    value: (source, what) => valueFrom(context, source, what),
    document: (file) => documentFrom(context, file),
  })
  const policies = policyFolder(options.file, context.shell.cwd)
  const sources = await sourcesOf(context, options.file, policies !== undefined)
  const wanted = wantedOf(sources.flatMap(readYaml), kinds)
  const control = await context.control()
  const reason = options.reason ?? defaultReason(options.file)
  const changes = [
    ...(await planOf(control, wanted, kinds, options.prune === true)),
    ...(policies === undefined ? [] : await policyChanges(control, policies, reason)),
  ]
  if (options.dryRun === true || changes.length === 0) {
    screen.answer(told(changes, false), (surface) => drawPlan(changes, surface))
    if (changes.length > 0) screen.say('nothing was changed: --dry-run')
    if (options.exitCode === true && changes.length > 0) {
      throw fault('apply.differs', `${changes.length} things differ from what the documents say`)
    }
    return
  }
  screen.show(drawPlan(changes, screen.talk))
  await agreed(context, changes)
  const proposed = await make(control, changes, reason)
  const waiting = proposed.map(({ change: { id, text } }) => ({ id, text }))
  screen.answer({ ...told(changes, true), proposed: waiting }, () =>
    [
      `made ${changes.length - waiting.length} changes\n`,
      ...waiting.map(({ id, text }) => `proposed: needs agreement: ${visible(text)} (${id})\n`),
    ].join(''),
  )
  const [first] = proposed
  if (first !== undefined) throw first
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('apply')
    .description(
      'make agents, teams, roles, trust sources, registrations and policies what documents say, after showing the difference',
    )
    .requiredOption('-f, --file <path>', 'a YAML file, a folder of them, or - for standard input')
    .option('--dry-run', 'show the difference, and change nothing')
    .option('--exit-code', 'with --dry-run: fail where anything differs')
    .option('--prune', 'retire, for good, every agent that no document names')
    .option('--reason <text>', 'why; stands in the record (default: the name of the file)')
    .action((options: ApplyOptions) => apply(context, options))
}
