// Holds teams as the control API shows, makes and changes them. History: v1.

import { z } from 'zod'
import { pageQuery } from './paging.ts'
import { Name, Reason, Time } from './text.ts'

/** A team. */
export const Team = z
  .object({
    name: Name,
    members: z.array(
      z.object({
        /** Person id. */
        id: z.string(),
        name: z.string(),
        /** True for one who has left. */
        left: z.boolean(),
      }),
    ),
    /** How many agents it owns that are not retired. */
    agents: z.number().int(),
    created_at: Time,
  })
  .meta({ id: 'Team' })

/** Query of `GET /v1/teams`. */
export const TeamsQuery = z.strictObject(pageQuery)

/** Answer of `GET /v1/teams`, by name. */
export const TeamsAnswer = z.object({ teams: z.array(Team), next: z.string().nullable() })

const People = z.array(z.string().min(1).max(64)).max(256)

/** Body of `POST /v1/teams`; members are names or ids of people. */
export const NewTeam = z.strictObject({ name: Name, members: People.min(1), reason: Reason })

/** Body of `PATCH /v1/teams/{name}`. */
export const TeamChange = z
  .strictObject({ add: People.default([]), remove: People.default([]), reason: Reason })
  .refine(({ add, remove }) => add.length + remove.length > 0, 'changes nothing')

export type Team = z.infer<typeof Team>
export type TeamsAnswer = z.infer<typeof TeamsAnswer>
