// Holds the locks in force.

import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { locks } from '../../data/queries.ts'
import type { Lock } from '../../../src/sdk/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Card, Empty, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Table, type Column } from '../../ui/table.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

const COLUMNS: readonly Column<Lock>[] = [
  { head: 'What', width: '7rem', cell: ({ target }) => <Badge tone="bad">{target.kind}</Badge> },
  { head: 'Name', width: 'minmax(0,1fr)', cell: ({ target }) => <Said text={target.name} /> },
  { head: 'Why', width: 'minmax(0,2fr)', wide: true, cell: ({ reason }) => <Said text={reason} /> },
  {
    head: 'By',
    width: '8rem',
    wide: true,
    cell: (one) => <Said text={one.added_by ?? 'Bailiwick'} />,
  },
  { head: 'Since', width: '6rem', cell: (one) => <Time at={one.added_at} /> },
  {
    head: 'Lift',
    width: '7rem',
    cell: ({ lift }) => lift !== null && <Badge tone="wait">{t('asked for')}</Badge>,
  },
]

export function Locks() {
  const { data, error, refetch } = useQuery(locks)
  const go = useNavigate()
  return (
    <>
      <PageHead
        title={t('Locks')}
        about={t('What is stopped, everywhere, until two people lift it.')}
      />
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      <Card flush>
        {data === undefined ? (
          <Loading />
        ) : data.locks.length === 0 ? (
          <Empty title={t('Nothing is locked')}>
            {t('The red button above stops a person, an agent, a system or everything.')}
          </Empty>
        ) : (
          <Table
            label={t('Locks in force')}
            columns={COLUMNS}
            rows={data.locks}
            id={({ id }) => id}
            onOpen={({ id }) => void go({ to: '/locks/$id', params: { id } })}
          />
        )}
      </Card>
    </>
  )
}
