// Holds the tasks that are open.

import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { reading } from '../../data/queries.ts'
import type { Task } from '../../../src/sdk/types.ts'
import { WordBadge } from '../../ui/badge.tsx'
import { Card, Empty, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Table, type Column } from '../../ui/table.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

const COLUMNS: readonly Column<Task>[] = [
  {
    head: 'Intent',
    width: 'minmax(0,2fr)',
    cell: ({ intent }) => (
      <b className="font-medium">
        <Said text={intent} />
      </b>
    ),
  },
  { head: 'Agent', width: 'minmax(0,1fr)', cell: ({ agent }) => <Said text={agent} /> },
  {
    head: 'For',
    width: 'minmax(0,0.8fr)',
    wide: true,
    cell: (one) => <Said text={one.on_behalf_of ?? t('nobody')} />,
  },
  {
    head: 'May',
    width: 'minmax(0,1.4fr)',
    wide: true,
    cell: ({ allow }) => (
      <span className="text-ink-2">
        <Said mono text={allow.map(({ action }) => action).join(' ')} />
      </span>
    ),
  },
  { head: 'State', width: '5rem', cell: ({ state }) => <WordBadge word={state} /> },
  { head: 'Ends', width: '6rem', cell: (one) => <Time at={one.ends_at} /> },
]

export function Tasks() {
  const { data, error, refetch } = useQuery(
    reading<{ tasks: Task[] }>('/v1/tasks', { limit: 1_000 }),
  )
  const go = useNavigate()
  return (
    <>
      <PageHead
        title={t('Tasks')}
        about={t(
          'What agents were asked to do: for whom, how far, how long. A task can only narrow.',
        )}
      />
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      <Card flush>
        {data === undefined ? (
          error === null && <Loading />
        ) : data.tasks.length === 0 ? (
          <Empty title={t('No task is open')}>{t('`bailiwick task open` opens one.')}</Empty>
        ) : (
          <Table
            label={t('Tasks that are open')}
            columns={COLUMNS}
            rows={data.tasks}
            id={({ id }) => id}
            onOpen={({ id }) => void go({ to: '/traces/$id', params: { id } })}
          />
        )}
      </Card>
    </>
  )
}
