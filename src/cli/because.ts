// Holds the change of one entry that needs nothing but its reason: lifting, revoking, removing, closing.

import type { ZodType } from 'zod'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { reasonOf } from './reason.ts'

/** Posts the reason, given or asked for, to an entry's route, and reads what is answered. */
export async function because<T>(
  context: Context,
  path: readonly string[],
  given: string | undefined,
  answer: ZodType<T>,
): Promise<T> {
  const reason = await reasonOf(context, given)
  return (await context.control()).send('POST', target(path), { reason }, answer)
}
