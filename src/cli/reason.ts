// Holds the reason that a change needs: from the option, or asked for where a person can be asked.

import type { Context } from './context.ts'
import { fault } from './faults.ts'
import { askLine, canAsk } from './terminal/ask.ts'

/** The reason, which stands in the record for good. Throws `cli.usage` where none is given and nobody can be asked. */
export async function reasonOf(context: Context, given: string | undefined): Promise<string> {
  if (given !== undefined) return given
  if (!canAsk(context.shell, context.asking)) {
    throw fault('cli.usage', 'a reason is missing: --reason TEXT')
  }
  return askLine(context.shell, 'Why? This stands in the record.')
}
