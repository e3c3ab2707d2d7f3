// Holds how a change of policies is drawn: what it adds, removes and changes, and what became of it.

import type { PolicyApplied } from '../../wire/api/policy.ts'
import type { Surface } from '../terminal/table.ts'
import { visible } from '../terminal/visible.ts'

/** What of a change is drawn. */
export type DrawnChange = Pick<PolicyApplied, 'added' | 'removed' | 'changed'>

/** How many policies a change touches. */
export function changes({ added, removed, changed }: DrawnChange): number {
  return added.length + removed.length + changed.length
}

/** One line for each policy that changes, and each warning. */
export function drawChange(
  of: DrawnChange & Partial<Pick<PolicyApplied, 'warnings'>>,
  surface: Surface,
): string {
  const { added, removed, changed, warnings = [] } = of
  const lines = [
    ...added.map((id) => surface.paint('green', `+ ${visible(id)}`)),
    ...changed.map((id) => surface.paint('yellow', `~ ${visible(id)}`)),
    ...removed.map((id) => surface.paint('red', `- ${visible(id)}`)),
  ]
  if (lines.length === 0) lines.push('no policy changes')
  for (const { file, line, column, message, help } of warnings) {
    const hint = help === undefined ? '' : ` (${help})`
    const words = visible(`${file}:${line}:${column}: ${message}${hint}`)
    lines.push(`${surface.paint('yellow', 'warning:')} ${words}`)
  }
  return `${lines.join('\n')}\n`
}

/** What became of it: in force, or waiting for a second administrator. */
export function drawDone({ digest, proposal }: PolicyApplied): string {
  if (proposal === undefined) return `in force: ${digest}\n`
  return `proposed: ${proposal}\nanother administrator puts it in force: bailiwick policy approve ${proposal}\n`
}
