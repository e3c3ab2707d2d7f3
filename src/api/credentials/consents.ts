// Holds the routes of consents at systems that are called as their users: one's own, and for operators everybody's.

import { z } from 'zod'
import { ConnectedAnswer, Disconnect, Disconnected } from '../../wire/api/credential.ts'
import { Name } from '../../wire/api/text.ts'
import { mayUse } from '../access.ts'
import { fault } from '../faults.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { shownConsent } from './shown.ts'

/** Serves them. */
export function serveUpstreamConsents(surface: Surface, ports: ControlPorts): void {
  const { authority, credentials } = ports
  surface.closed(
    'GET /v1/upstream-consents',
    {
      summary:
        'What people consented to at systems that are called as their users: one’s own; for operators, everybody’s',
      answer: ConnectedAnswer,
    },
    ({ person }) => {
      const everybody = mayUse('operator', person.roles)
      const consents = authority.upstreamTokens.list(everybody ? {} : { person: person.id })
      return {
        consents: consents.map((consent) => shownConsent(authority, consent)),
        systems: personalSystems(ports, person.id),
      }
    },
  )
  surface.closed(
    'POST /v1/upstream-consents/{system}/disconnect',
    {
      summary: 'Take a consent back, here and at the system',
      params: z.strictObject({ system: Name }),
      body: Disconnect,
      answer: Disconnected,
    },
    async ({ params: { system }, body, person }) => {
      const whose = body.person ?? person.id
      if (whose !== person.id && !mayUse('operator', person.roles)) {
        throw fault('api.role', 'only who holds the role `operator` may do this for somebody else')
      }
      const by = { person: person.id, reason: body.reason }
      return { system, ...(await credentials.disconnect({ system, person: whose }, by)) }
    },
  )
}

function personalSystems(
  { authority, server }: Pick<ControlPorts, 'authority' | 'server'>,
  person: string,
): z.infer<typeof ConnectedAnswer>['systems'] {
  const { control } = server.facts().listeners
  return authority.systems
    .list()
    .map(({ definition }) => definition)
    .filter(({ transport }) => 'auth' in transport && transport.auth.kind === 'user')
    .map(({ name: system }) => ({
      system,
      url: `${control}/connect/${system}`,
      connected: authority.upstreamTokens.list({ person, system }).length > 0,
    }))
}
