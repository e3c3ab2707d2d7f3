// Holds a list of calls out of the record: what a search finds, one line a call, page by page.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { get } from '../../data/api.ts'
import type { AuditEntry, AuditFound } from '../../../src/sdk/types.ts'
import { WordBadge } from '../../ui/badge.tsx'
import { Empty, Loading, Trouble } from '../../ui/card.tsx'
import { Table, type Column } from '../../ui/table.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

interface Line {
  readonly id: string
  /** Where it opens: a call, or nothing. */
  readonly call: string | undefined
  readonly at: string
  readonly agent: string
  readonly what: string
  readonly answer: string
  readonly why: string
}

const ANSWERS: Readonly<Record<string, string>> = {
  'call.intent': 'allowed',
  'call.denied': 'denied',
  'approval.requested': 'held',
}

function said(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** One line a call: its newest record says how it stands. */
function linesOf(entries: readonly AuditEntry[]): readonly Line[] {
  const lines = new Map<string, Line>()
  for (const { record } of entries) {
    const id = record.call ?? record.id
    if (lines.has(id)) continue
    const { body } = record
    const status = said(body['status'])
    lines.set(id, {
      id,
      call: record.call,
      at: record.ts,
      agent: record.agent ?? '',
      what: record.action === undefined ? record.type : `${record.system ?? ''}/${record.action}`,
      answer:
        record.type === 'call.outcome'
          ? status === 'ok'
            ? 'allowed'
            : status
          : (ANSWERS[record.type] ?? ''),
      why: said(body['code']) || said(body['reason']),
    })
  }
  return [...lines.values()]
}

const COLUMNS: readonly Column<Line>[] = [
  { head: 'When', width: '5.5rem', cell: ({ at }) => <Time at={at} /> },
  { head: 'Agent', width: 'minmax(0,1fr)', cell: ({ agent }) => <Said text={agent} /> },
  { head: 'Action', width: 'minmax(0,1.6fr)', cell: ({ what }) => <Said mono text={what} /> },
  { head: 'Answer', width: '5.5rem', cell: ({ answer }) => <WordBadge word={answer} /> },
  {
    head: 'Why',
    width: 'minmax(0,1fr)',
    wide: true,
    cell: ({ why }) => (
      <span className="text-ink-2">
        <Said text={why} />
      </span>
    ),
  },
]

const PAGE = 200

export function CallList({ query }: { readonly query: string }) {
  const go = useNavigate()
  const { data, error, fetchNextPage, hasNextPage, isFetching, refetch } = useInfiniteQuery({
    queryKey: ['/v1/audit/search', query],
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }: AuditFound) => next ?? undefined,
    queryFn: ({ pageParam, signal }) =>
      get<AuditFound>('/v1/audit/search', { q: query, limit: PAGE, cursor: pageParam }, signal),
    staleTime: 10_000,
  })
  const lines = useMemo(() => linesOf(data?.pages.flatMap(({ records }) => records) ?? []), [data])
  if (error !== null)
    return (
      <div className="p-3.5">
        <Trouble error={error} again={() => void refetch()} />
      </div>
    )
  if (data === undefined) return <Loading />
  const searched = data.pages[0]?.searched ?? 0
  if (lines.length === 0 && !hasNextPage) {
    return (
      <Empty title={t('Nothing in the record is like that')}>
        {t('{n} records were searched.', { n: searched.toLocaleString('en') })}
      </Empty>
    )
  }
  return (
    <>
      <Table
        label={t('Calls')}
        columns={COLUMNS}
        rows={lines}
        id={({ id }) => id}
        onEnd={() => {
          if (hasNextPage && !isFetching) void fetchNextPage()
        }}
        onOpen={({ call, id }) => {
          if (call === undefined) void go({ to: '/calls', search: { q: `"${id}"` } })
          else void go({ to: '/calls/$id', params: { id: call } })
        }}
      />
      <p role="status" className="px-3.5 py-1.5 text-xs text-ink-3">
        {t('{shown} shown, out of {n} records', {
          shown: lines.length.toLocaleString('en'),
          n: searched.toLocaleString('en'),
        })}
        {hasNextPage ? ` · ${t('more below')}` : ''}
      </p>
    </>
  )
}
