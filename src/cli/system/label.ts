// Holds `system label`: changing what is said of actions that are pinned.

import { System } from '../../wire/api/system.ts'
import type { Context } from '../context.ts'
import { target } from '../control/control.ts'
import { fault } from '../faults.ts'
import { parseEffects } from '../system-add.ts'
import { confirm } from '../terminal/ask.ts'
import { drawActions } from '../terminal/system.ts'
import { passingOf } from './passing.ts'
import { saidOf, type SaidOptions } from './said.ts'

/** Options of the command. */
export interface LabelOptions extends SaidOptions {
  readonly allowChanges?: string
  readonly reason?: string
}

/** Runs the command. */
export async function label(context: Context, name: string, options: LabelOptions): Promise<void> {
  const { screen, shell, asking } = context
  const facts = saidOf(shell.cwd, options)
  for (const [action, effects] of parseEffects(options.effects ?? [])) {
    facts[action] = { ...facts[action], effects }
  }
  const passing = passingOf(options.allowChanges)
  const changed = [
    ...Object.keys(facts),
    ...(passing === undefined ? [] : ['what may change by itself']),
  ]
  if (changed.length === 0) throw fault('cli.usage', 'say what is to change: --effects, --label, …')
  await confirm(shell, asking, `Change what is said of ${changed.join(', ')} of ${name}?`)
  const reason = options.reason ?? 'labelled anew'
  const control = await context.control()
  const system = await control.send(
    'POST',
    target(['v1', 'systems', name, 'labels']),
    { facts, passing, reason },
    System,
  )
  if (Object.keys(facts).length === 0) {
    const words = system.passing?.join(', ') ?? 'nothing'
    screen.answer(system, () => `${name}: ${words} may change by itself\n`)
    return
  }
  screen.answer(system, (surface) =>
    drawActions(
      system.actions.filter((action) => Object.hasOwn(facts, action.name)),
      surface,
    ),
  )
}
