// Holds the people: what they hold, how they sign in.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { people } from '../../data/queries.ts'
import type { Person } from '../../../src/sdk/types.ts'
import { WordBadge } from '../../ui/badge.tsx'
import { Card, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Table, type Column } from '../../ui/table.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { Governance } from './governance.tsx'
import { PersonCard } from './person.tsx'

const COLUMNS: readonly Column<Person>[] = [
  {
    head: 'Person',
    width: 'minmax(0,1fr)',
    cell: ({ name }) => (
      <b className="font-medium">
        <Said text={name} />
      </b>
    ),
  },
  { head: 'Roles', width: 'minmax(0,2fr)', cell: ({ roles }) => <Said text={roles.join(', ')} /> },
  {
    head: 'Signs in',
    width: 'minmax(0,1.4fr)',
    wide: true,
    cell: (one) => (
      <span className="text-ink-2">
        {[
          one.passkeys.length > 0 && `${one.passkeys.length} passkey`,
          one.credentials.length > 0 && `${one.credentials.length} key`,
          ...one.external.map(({ source }) => source),
        ]
          .filter(Boolean)
          .join(', ')}
      </span>
    ),
  },
  { head: 'State', width: '5rem', cell: ({ state }) => <WordBadge word={state} /> },
  { head: 'Since', width: '6rem', wide: true, cell: (one) => <Time at={one.created_at} /> },
]

export function People() {
  const { data, error, refetch } = useQuery(people)
  const [chosen, setChosen] = useState<string>()
  const person = data?.people.find(({ id }) => id === chosen)
  return (
    <>
      <PageHead
        title={t('People')}
        about={t(
          'Who may see, decide and administer here. What gives somebody a say is agreed to by a second administrator; `bailiwick person` adds people.',
        )}
      />
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      <Card flush>
        {data === undefined ? (
          error === null && <Loading />
        ) : (
          <Table
            label={t('People')}
            columns={COLUMNS}
            rows={data.people}
            id={({ id }) => id}
            onOpen={({ id }) => setChosen(id)}
          />
        )}
      </Card>
      <div className="mt-4 space-y-4">
        {person !== undefined && <PersonCard key={person.id} person={person} />}
        <Governance />
      </div>
    </>
  )
}
