// Holds the inventory of agents.

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { get } from '../../data/api.ts'
import type { Agent } from '../../../src/sdk/types.ts'
import { Badge, WordBadge } from '../../ui/badge.tsx'
import { Card, Empty, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Field, Select } from '../../ui/fields.tsx'
import { useSettled } from '../../ui/settled.ts'
import { Table, type Column } from '../../ui/table.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { plural, t } from '../../ui/words.ts'

const COLUMNS: readonly Column<Agent>[] = [
  {
    head: 'Agent',
    width: 'minmax(0,1.2fr)',
    cell: ({ name }) => (
      <b className="font-medium">
        <Said text={name} />
      </b>
    ),
  },
  {
    head: 'State',
    width: '7.5rem',
    cell: ({ state, observe, orphaned }) => (
      <span className="flex gap-1">
        <WordBadge word={state} />
        {observe !== null && <Badge tone="note">{t('observe')}</Badge>}
        {orphaned && <Badge tone="wait">{t('orphan')}</Badge>}
      </span>
    ),
  },
  {
    head: 'Purpose',
    width: 'minmax(0,2fr)',
    wide: true,
    cell: ({ purpose }) => (
      <span className="text-ink-2">
        <Said text={purpose} />
      </span>
    ),
  },
  {
    head: 'Owner',
    width: 'minmax(0,0.8fr)',
    wide: true,
    cell: ({ owner }) => <Said text={owner} />,
  },
  { head: 'Risk', width: '5rem', wide: true, cell: ({ risk }) => <WordBadge word={risk} /> },
  {
    head: 'Live',
    width: '3rem',
    cell: (one) => <span className="tabular-nums">{one.instances_live}</span>,
  },
  { head: 'Since', width: '6rem', wide: true, cell: (one) => <Time at={one.created_at} /> },
]

interface Page {
  readonly agents: readonly Agent[]
  readonly next: string | null
  readonly total?: number
}

/** A page of the list (API limit 1,000). */
const LIMIT = 200
/** How long nobody types before the server looks through all of them (ms). */
const PAUSE_MS = 120

export function Agents() {
  const { q = '', state = '', owner = '', show = '' } = useSearch({ from: '/agents' })
  const search = { q, state, owner, show }
  const words = useSettled(q.trim(), PAUSE_MS)
  const go = useNavigate({ from: '/agents' })
  const { data, error, fetchNextPage, hasNextPage, isFetching, refetch } = useInfiniteQuery({
    queryKey: ['/v1/agents', words, state, owner, show],
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }: Page) => next ?? undefined,
    queryFn: ({ pageParam, signal }) =>
      get<Page>(
        '/v1/agents',
        {
          limit: LIMIT,
          cursor: pageParam,
          state,
          owner,
          orphaned: show === 'orphaned' ? 'true' : undefined,
          review_due: show === 'review' ? 'true' : undefined,
          idle: show === 'idle' ? 'true' : undefined,
          match: words,
        },
        signal,
      ),
    // Of many pages each would be asked for again.
    refetchInterval: ({ state: asked }) => ((asked.data?.pages.length ?? 1) > 1 ? false : 10_000),
  })
  const rows = useMemo(() => data?.pages.flatMap(({ agents }) => agents) ?? [], [data])
  const set = (change: Partial<typeof search>): void =>
    void go({ search: { ...search, ...change }, replace: true })
  return (
    <>
      <PageHead
        title={t('Agents')}
        about={t('Every agent that is registered here: who answers for it, and what it is for.')}
      />
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      <Card
        flush
        title={
          <span className="flex flex-wrap items-center gap-2 py-1 font-normal">
            <Field
              bare
              label={t('Name or purpose')}
              placeholder={t('Name or purpose')}
              value={q}
              className="max-w-56"
              onChange={(event) => set({ q: event.target.value })}
            />
            <Select
              bare
              label={t('State')}
              value={state}
              className="w-36!"
              onChange={(event) => set({ state: event.target.value })}
              options={[
                ['', t('Every state')],
                ...['active', 'pending', 'suspended', 'discovered', 'retired'].map(
                  (one) => [one, one] as const,
                ),
              ]}
            />
            <Select
              bare
              label={t('Which')}
              value={show}
              className="w-44!"
              onChange={(event) => set({ show: event.target.value })}
              options={[
                ['', t('All')],
                ['orphaned', t('Orphans: nobody owns')],
                ['review', t('Review is due')],
                ['idle', t('Nothing runs')],
              ]}
            />
          </span>
        }
        aside={
          <span className="text-xs text-ink-3 tabular-nums">
            {plural(data?.pages[0]?.total ?? rows.length, 'agent', 'agents')}
          </span>
        }
      >
        {data === undefined ? (
          error === null && <Loading />
        ) : rows.length === 0 ? (
          <Empty title={t('No agent is like that')}>
            {t('`bailiwick agent add` registers one.')}
          </Empty>
        ) : (
          <Table
            label={t('Agents')}
            columns={COLUMNS}
            rows={rows}
            id={({ name }) => name}
            onEnd={() => {
              if (hasNextPage && !isFetching) void fetchNextPage()
            }}
            onOpen={({ name }) => void go({ to: '/agents/$name', params: { name } })}
          />
        )}
      </Card>
    </>
  )
}
