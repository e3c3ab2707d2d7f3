// Holds everything under a task, a trace or a call, as a tree.

import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { part } from '../../data/api.ts'
import { reading } from '../../data/queries.ts'
import type { AuditTrace, TraceNode } from '../../../src/sdk/types.ts'
import { Badge, WordBadge } from '../../ui/badge.tsx'
import { Card, Empty, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Id, Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

function Node({
  node,
  below,
  depth,
}: {
  readonly node: TraceNode
  readonly below: ReadonlyMap<string | null, readonly TraceNode[]>
  readonly depth: number
}) {
  const name =
    node.kind === 'call' ? (
      <Link
        to="/calls/$id"
        params={{ id: node.id }}
        className="font-mono text-[0.92em] hover:underline"
      >
        <Said text={node.what ?? ''} />
      </Link>
    ) : (
      <Said text={node.what ?? ''} />
    )
  return (
    <li>
      <div
        className="flex flex-wrap items-center gap-2 border-b border-line/60 py-1.5 pr-3 text-sm"
        style={{ paddingLeft: `${0.875 + depth * 1.25}rem` }}
      >
        <Badge tone={node.kind === 'call' ? 'plain' : 'note'}>{t(node.kind)}</Badge>
        {node.who !== null && (
          <b className="font-medium">
            <Said text={node.who} />
          </b>
        )}
        {name}
        <WordBadge word={node.answer} />
        {node.status !== 'ok' && <WordBadge word={node.status} />}
        {node.claimed && <Badge>{t('by its own word')}</Badge>}
        <span className="ml-auto flex gap-3 text-xs text-ink-3 tabular-nums">
          {node.duration_ms !== null && `${node.duration_ms} ms`} <Time at={node.at} />
        </span>
      </div>
      {below.has(node.id) && (
        <ul>
          {below.get(node.id)!.map((one) => (
            <Node key={one.id} node={one} below={below} depth={depth + 1} />
          ))}
        </ul>
      )}
    </li>
  )
}

export function TracePage() {
  const { id } = useParams({ from: '/traces/$id' })
  const { data, error, refetch } = useQuery(reading<AuditTrace>(`/v1/audit/traces/${part(id)}`))
  const below = Map.groupBy(data?.nodes ?? [], ({ parent }) => parent)
  return (
    <>
      <PageHead
        title={t('All that belongs together')}
        about={
          <>
            {data?.subject.kind} <Id id={id} />
          </>
        }
      />
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      <Card flush>
        {data === undefined ? (
          error === null && <Loading />
        ) : data.nodes.length === 0 ? (
          <Empty title={t('Nothing in the record belongs to it')} />
        ) : (
          <ul>
            {(below.get(null) ?? []).map((one) => (
              <Node key={one.id} node={one} below={below} depth={0} />
            ))}
          </ul>
        )}
        {data?.complete === false && (
          <p className="px-3.5 py-1.5 text-xs text-ink-3">
            {t('There is more in the log than was looked at.')}
          </p>
        )}
      </Card>
    </>
  )
}
