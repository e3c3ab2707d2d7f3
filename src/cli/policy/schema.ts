// Holds `policy schema`: the Cedar schema that policies are held against, for editors and for tools that are not ours.

import type { Command } from 'commander'
import { PolicySchemaAnswer } from '../../wire/api/policy.ts'
import type { Context } from '../context.ts'

async function schema(context: Context): Promise<void> {
  const control = await context.control()
  const namespace = await control.get('/v1/policies/schema', PolicySchemaAnswer)
  const { prettyJson } = await import('../terminal/json.ts')
  context.screen.data(`${prettyJson({ '': namespace })}\n`)
}

/** Adds the verb. */
export function register(policy: Command, context: Context): void {
  policy
    .command('schema')
    .description('write the Cedar schema of what is pinned, in its JSON format, for your editor')
    .action(() => schema(context))
}
