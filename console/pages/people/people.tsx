// Holds the people: what they hold, how they sign in.

import { useQuery } from '@tanstack/react-query'
import { people } from '../../data/queries.ts'
import type { Person } from '../../../src/sdk/types.ts'
import { WordBadge } from '../../ui/badge.tsx'
import { Card, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Table, type Column } from '../../ui/table.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

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
  return (
    <>
      <PageHead
        title={t('People')}
        about={t(
          'Who may see, decide and administer here. Changes of who governs are proposed with `bailiwick person` and agreed to by a second administrator.',
        )}
      />
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      <Card flush>
        {data === undefined ? (
          error === null && <Loading />
        ) : (
          <Table label={t('People')} columns={COLUMNS} rows={data.people} id={({ id }) => id} />
        )}
      </Card>
    </>
  )
}
