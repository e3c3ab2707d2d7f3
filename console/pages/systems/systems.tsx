// Holds the systems that agents reach through here.

import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { systems } from '../../data/queries.ts'
import type { System } from '../../../src/sdk/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Card, Empty, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Table, type Column } from '../../ui/table.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

const EffectsCard = lazy(() => import('./effects.tsx'))

const COLUMNS: readonly Column<System>[] = [
  {
    head: 'System',
    width: 'minmax(0,1fr)',
    cell: ({ name }) => (
      <b className="font-medium">
        <Said text={name} />
      </b>
    ),
  },
  { head: 'Kind', width: '5rem', cell: ({ transport }) => <Badge>{transport.kind}</Badge> },
  {
    head: 'Actions',
    width: '5rem',
    cell: ({ actions }) => <span className="tabular-nums">{actions.length}</span>,
  },
  {
    head: 'State',
    width: '10rem',
    cell: ({ quarantine, isolated }) => (
      <span className="flex gap-1">
        {quarantine !== null && <Badge tone="wait">{t('changed')}</Badge>}
        {isolated.length > 0 && <Badge tone="bad">{t('isolated')}</Badge>}
        {quarantine === null && isolated.length === 0 && (
          <Badge tone="good">{t('as pinned')}</Badge>
        )}
      </span>
    ),
  },
  {
    head: 'Server',
    width: 'minmax(0,1.2fr)',
    wide: true,
    cell: ({ server }) => (
      <span className="text-ink-2">
        <Said text={`${server.name} ${server.version}`} />
      </span>
    ),
  },
  { head: 'Pinned', width: '6rem', wide: true, cell: (one) => <Time at={one.pinned_at} /> },
  { head: 'By', width: '7rem', wide: true, cell: (one) => <Said text={one.pinned_by} /> },
]

export function Systems() {
  const { data, error, refetch } = useQuery(systems)
  const go = useNavigate()
  return (
    <>
      <PageHead
        title={t('Systems')}
        about={t(
          'What agents reach, as it was pinned: a definition that changes waits for a person.',
        )}
      />
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      <Card flush>
        {data === undefined ? (
          error === null && <Loading />
        ) : data.systems.length === 0 ? (
          <Empty title={t('No system is registered')}>
            {t('`bailiwick system add` pins one.')}
          </Empty>
        ) : (
          <Table
            label={t('Systems')}
            columns={COLUMNS}
            rows={data.systems}
            id={({ name }) => name}
            onOpen={({ name }) => void go({ to: '/systems/$name', params: { name } })}
          />
        )}
      </Card>
      {data !== undefined && (
        <Suspense fallback={null}>
          <div className="mt-4">
            <EffectsCard systems={data.systems} />
          </div>
        </Suspense>
      )}
    </>
  )
}
