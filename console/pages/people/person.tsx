// Holds one person as administrators change them: roles, and leaving; what gives somebody a say waits for a second administrator.

import { useState } from 'react'
import { part, send } from '../../data/api.ts'
import { useMay } from '../../data/queries.ts'
import type { GovernanceChange, Person } from '../../../src/sdk/types.ts'
import { Card, Facts } from '../../ui/card.tsx'
import { Decide } from '../../ui/decide.tsx'
import { Field } from '../../ui/fields.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

/** What a change is answered with: the person, or the change that waits for somebody else. */
type Changed = Person | GovernanceChange

export function PersonCard({ person }: { readonly person: Person }) {
  const may = useMay('administrator')
  const [roles, setRoles] = useState(person.local_roles.join(' '))
  const [waits, setWaits] = useState<string>()
  const path = `/v1/people/${part(person.id)}`
  const told = (changed: Changed): void =>
    setWaits('proposed_by' in changed ? changed.text : undefined)
  const given = roles.split(/[\s,]+/).filter((role) => role !== '')
  return (
    <Card
      title={
        <>
          {t('Change')} <Said text={person.name} />
        </>
      }
    >
      <div className="space-y-4">
        <Facts
          facts={[
            [t('id'), <code key="i">{person.id}</code>],
            [t('since'), <Time key="s" at={person.created_at} exact />],
            ...person.external.map(
              ({ source, roles: from, heard_at: at }): [string, React.ReactNode] => [
                source,
                <span key={source}>
                  <Said text={from.join(', ')} /> <Time at={at} />
                </span>,
              ],
            ),
          ]}
        />
        {waits !== undefined && (
          <p role="status" className="rounded-md bg-wait-soft px-3 py-2 text-sm">
            {t('It waits below for a second administrator:')} <Said text={waits} />
          </p>
        )}
        {person.state === 'active' && (
          <Decide
            may={may}
            ways={[
              {
                words: t('Change roles'),
                look: 'primary',
                run: async (reason) =>
                  told(await send<Changed>(path, { roles: given, reason }, 'PATCH')),
              },
              {
                words: t('Has left'),
                look: 'warn',
                run: async (reason) => told(await send<Changed>(`${path}/leave`, { reason })),
              },
            ]}
          >
            <Field
              label={t('Roles that are given here')}
              hint={t('With spaces between them. Those of an identity provider are its own.')}
              value={roles}
              onChange={(event) => setRoles(event.target.value)}
            />
          </Decide>
        )}
      </div>
    </Card>
  )
}
