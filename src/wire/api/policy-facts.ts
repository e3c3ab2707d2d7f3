// Holds what policies are held against outside of a running server: the systems as pinned, and who is registered. History: v1; teams and checks added.

import { z } from 'zod'
import { EFFECTS } from '../effect.ts'
import { Name } from './text.ts'

const Action = z.object({
  name: z.string(),
  input_schema: z.record(z.string(), z.unknown()),
  effects: z.array(z.enum(EFFECTS)),
})

/**
 * What `bailiwick policy facts` writes and `--systems` reads. The answer of `GET /v1/systems` alone is one as well; then nothing is
 * said of people and agents.
 */
export const PolicyFacts = z.object({
  systems: z
    .array(
      z.object({
        name: Name,
        environment: Name.default('default'),
        actions: z.array(Action).max(10_000),
      }),
    )
    .max(1_000),
  agents: z
    .array(
      z.object({
        name: z.string(),
        roles: z.array(z.string()),
        environment: z.string().default('default'),
        unattended: z.boolean().default(false),
        taskless: z.boolean().default(false),
      }),
    )
    .optional(),
  people: z
    .array(z.object({ id: z.string(), name: z.string(), roles: z.array(z.string()) }))
    .optional(),
  teams: z
    .array(z.object({ name: z.string(), members: z.array(z.object({ id: z.string() })) }))
    .optional(),
  checks: z.array(z.object({ name: z.string() })).optional(),
})

export type PolicyFacts = z.infer<typeof PolicyFacts>
