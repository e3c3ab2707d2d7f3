// Holds `system diff`, `system approve` and `system reject`: what a system shows otherwise, and a person's word on exactly that.

import { QuarantineAnswer, System } from '../../wire/api/system.ts'
import type { Context } from '../context.ts'
import { target } from '../control/control.ts'
import { fault } from '../faults.ts'
import { parseEffects } from '../system-add.ts'
import { confirm } from '../terminal/ask.ts'
import { drawQuarantine } from '../terminal/quarantine.ts'
import { saidOf, type SaidOptions } from './said.ts'

/** Options of a word on what waits. */
export interface ReviewOptions extends SaidOptions {
  readonly fingerprint?: string
  readonly reason?: string
}

async function waiting(context: Context, name: string): Promise<QuarantineAnswer> {
  const control = await context.control()
  return control.get(target(['v1', 'systems', name, 'quarantine']), QuarantineAnswer)
}

/** Shows what waits. */
export async function diff(context: Context, name: string): Promise<void> {
  const answer = await waiting(context, name)
  const { screen } = context
  screen.answer(answer, (surface) => drawQuarantine(answer, surface, screen.now))
}

/** What the person is asked about: shown to them, or named by its fingerprint. Throws `cli.usage`. */
async function shown(
  context: Context,
  name: string,
  { fingerprint }: ReviewOptions,
): Promise<string> {
  const answer = await waiting(context, name)
  if (answer.fingerprint === null) throw fault('cli.usage', `nothing of ${name} waits`)
  if (fingerprint !== undefined && fingerprint !== answer.fingerprint) {
    throw fault('cli.usage', `${name} has shown something else since: look at it again`)
  }
  const { screen } = context
  screen.show(drawQuarantine(answer, screen.talk, screen.now))
  return answer.fingerprint
}

/** Pins what waits. */
export async function approve(
  context: Context,
  name: string,
  options: ReviewOptions,
): Promise<void> {
  const { screen, shell, asking } = context
  const facts = saidOf(shell.cwd, options)
  for (const [action, effects] of parseEffects(options.effects ?? [])) {
    facts[action] = { ...facts[action], effects }
  }
  // Whoever says yes beforehand says what to: otherwise it would be whatever waits at that moment.
  if (asking.yes && options.fingerprint === undefined) {
    throw fault('cli.usage', 'with --yes, name what you looked at: --fingerprint DIGEST')
  }
  const fingerprint = await shown(context, name, options)
  await confirm(shell, asking, `Pin ${name} as it shows itself now?`)
  const body = { fingerprint, facts, reason: options.reason ?? 'looked at and approved' }
  const path = target(['v1', 'systems', name, 'approve'])
  const system = await (await context.control()).send('POST', path, body, System)
  screen.answer(system, () => `pinned ${system.name}: ${system.digest}\n`)
  if (system.isolated.length > 0) {
    screen.say(`${name} is isolated: mend the policies that do not hold with it, and apply them`)
  }
}

/** Leaves what is pinned as it is. */
export async function reject(
  context: Context,
  name: string,
  options: ReviewOptions,
): Promise<void> {
  const { screen, shell, asking } = context
  const fingerprint = await shown(context, name, options)
  await confirm(shell, asking, `Leave ${name} as it is pinned, and refuse what it shows now?`)
  const body = { fingerprint, reason: options.reason ?? 'looked at and rejected' }
  const path = target(['v1', 'systems', name, 'reject'])
  const system = await (await context.control()).send('POST', path, body, System)
  screen.answer(system, () => `rejected: ${system.name} stays as it is pinned\n`)
}
