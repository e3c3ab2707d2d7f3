// Holds documents of teams: who is in them, by name.

import { z } from 'zod'
import { Name } from '../../../wire/api/text.ts'
import { Team } from '../../../wire/api/team.ts'
import { target } from '../../control/control.ts'
import { everyTeam } from '../../control/lists.ts'
import { differing, type Kind } from '../kind.ts'

const Schema = z.strictObject({
  kind: z.literal('team'),
  name: Name,
  members: z
    .array(Name)
    .min(1)
    .max(256)
    .transform((members) => [...new Set(members)].sort()),
})

/** The kind `team`. People who left are not looked at: nobody has to write them down, or out. */
export const teamKind: Kind = {
  kind: 'team',
  schema: Schema as unknown as Kind['schema'],
  current: async (control) => {
    const teams = await everyTeam(control)
    return new Map(
      teams.map(({ name, members }) => [
        name,
        { members: members.flatMap((one) => (one.left ? [] : [one.name])).sort() },
      ]),
    )
  },
  differences: (now, wanted) => differing(now, wanted),
  send: async ({ control, reason }, name, now, wanted) => {
    const members = wanted['members'] as readonly string[]
    if (now === undefined) {
      await control.send('POST', '/v1/teams', { name, members, reason }, Team)
      return
    }
    const before = now['members'] as readonly string[]
    const add = members.filter((one) => !before.includes(one))
    const remove = before.filter((one) => !members.includes(one))
    const path = target(['v1', 'teams', name])
    await control.send('PATCH', path, { add, remove, reason }, Team)
  },
  exported: (name, now) => ({ kind: 'team', name, ...now }),
}
