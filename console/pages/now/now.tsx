// Holds the first page: whether all is well, what waits for somebody, and what agents are doing this second.

import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useSyncExternalStore } from 'react'
import { BAR_S, Live, SPAN_S, type LiveView } from '../../data/live.ts'
import { status } from '../../data/queries.ts'
import { WordBadge } from '../../ui/badge.tsx'
import { Shares, TimeBars } from '../../ui/bars.tsx'
import { Card, Empty, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Table, type Column } from '../../ui/table.tsx'
import { Said } from '../../ui/text.tsx'
import { Time, useNow } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { Attention } from './attention.tsx'

const live = new Live()

const COLUMNS: readonly Column<LiveView['calls'][number]>[] = [
  { head: 'When', width: '5.5rem', cell: ({ at }) => <Time at={at} /> },
  { head: 'Agent', width: 'minmax(0,1fr)', cell: ({ agent }) => <Said text={agent} /> },
  { head: 'Action', width: 'minmax(0,1.6fr)', cell: ({ what }) => <Said mono text={what} /> },
  { head: 'Answer', width: '5rem', cell: ({ outcome }) => <WordBadge word={outcome} /> },
  {
    head: 'Took',
    width: '8rem',
    wide: true,
    cell: ({ took, why }) => (
      <span className="text-ink-2 tabular-nums">
        {why === '' ? (took === undefined ? '' : `${took} ms`) : why}
      </span>
    ),
  },
]

/** The value below which a share of them lies. */
function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return value === undefined ? '–' : `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)} ms`
}

function Figures({ view }: { readonly view: LiveView }) {
  const current = useQuery(status).data
  const { added } = view
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    [t('agents'), current?.agents],
    [t('instances live'), current?.instances_live],
    [t('calls under way'), current?.calls_in_flight],
    [t('Bailiwick’s part, median'), quantile(added, 0.5)],
    [t('its part, 99 of 100'), quantile(added, 0.99)],
    [t('records in the log'), current?.log.size.toLocaleString('en')],
  ]
  return (
    <dl className="mb-4 grid grid-cols-2 overflow-hidden rounded-lg border border-line bg-paper sm:grid-cols-3 xl:grid-cols-6">
      {facts.map(([name, value]) => (
        <div key={name} className="border-r border-b border-line/60 px-3.5 py-2.5">
          <dt className="text-xs text-ink-3">{name}</dt>
          <dd className="mt-0.5 text-lg font-semibold tabular-nums">{value ?? '–'}</dd>
        </div>
      ))}
    </dl>
  )
}

function Stream({ view }: { readonly view: LiveView }) {
  const go = useNavigate()
  if (view.state === 'opening') return <Loading />
  if (view.state === 'forbidden') {
    return (
      <Empty title={t('The record is not open to you')}>
        {t('Who holds the role auditor or administrator sees calls here as they come.')}
      </Empty>
    )
  }
  if (view.calls.length === 0) {
    return (
      <Empty title={t('No agent has called anything in the last quarter of an hour')}>
        <Link to="/guide" className="text-accent underline">
          {t('From nothing to a first governed call')}
        </Link>
      </Empty>
    )
  }
  return (
    <Table
      label={t('Calls as they come')}
      columns={COLUMNS}
      rows={view.calls}
      id={({ id }) => id}
      max="26rem"
      onOpen={({ id }) => void go({ to: '/calls/$id', params: { id } })}
    />
  )
}

export function Now() {
  const view = useSyncExternalStore(live.subscribe, live.view)
  const now = useNow()
  const { error, refetch } = useQuery(status)
  return (
    <>
      <PageHead title={t('Now')} about={t('What agents are doing, and what waits for somebody.')} />
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      <Attention />
      <Figures view={view} />
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="min-w-0 space-y-4">
          <Card
            title={t('Calls, the last quarter of an hour')}
            aside={
              <span role="status" className="text-xs text-ink-3">
                {view.state === 'broken'
                  ? t('the stream is broken; it is taken up again')
                  : view.partial
                    ? t('counted from when this page opened')
                    : ''}
              </span>
            }
          >
            <TimeBars
              label={t('Calls by answer over time')}
              bars={view.bars}
              now={now}
              step={BAR_S}
              count={SPAN_S / BAR_S}
            />
          </Card>
          <Card title={t('As they come')} flush>
            <Stream view={view} />
          </Card>
        </div>
        <div className="min-w-0 space-y-4">
          <Card title={t('By agent')}>
            {view.agents.size === 0 ? (
              <p className="text-sm text-ink-3">{t('None.')}</p>
            ) : (
              <Shares
                label={t('Calls by agent')}
                of={view.agents}
                link={(name, children) => (
                  <Link to="/agents/$name" params={{ name }} className="hover:underline">
                    {children}
                  </Link>
                )}
              />
            )}
          </Card>
          <Card title={t('By system')}>
            {view.systems.size === 0 ? (
              <p className="text-sm text-ink-3">{t('None.')}</p>
            ) : (
              <Shares
                label={t('Calls by system')}
                of={view.systems}
                link={(name, children) => (
                  <Link to="/systems/$name" params={{ name }} className="hover:underline">
                    {children}
                  </Link>
                )}
              />
            )}
          </Card>
        </div>
      </div>
    </>
  )
}
