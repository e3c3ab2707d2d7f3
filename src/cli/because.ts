// Holds the change of one entry that needs nothing but its reason: lifting, revoking, removing, closing.

import type { z, ZodType } from 'zod'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { reasonOf } from './reason.ts'

/** Posts the reason, given or asked for, to an entry's route, and reads what is answered. */
export async function because<A extends ZodType>(
  context: Context,
  path: readonly string[],
  given: string | undefined,
  answer: A,
): Promise<z.output<A>> {
  const reason = await reasonOf(context, given)
  return (await context.control()).send('POST', target(path), { reason }, answer)
}
