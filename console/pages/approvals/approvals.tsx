// Holds the inbox: calls that wait for somebody, those that wait for this person first. By keyboard: j, k, Enter.

import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { approvals } from '../../data/queries.ts'
import type { ApprovalSummary } from '../../../src/sdk/types.ts'
import { Badge, WordBadge } from '../../ui/badge.tsx'
import { Card, Empty, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { plural, t } from '../../ui/words.ts'
import { Held } from './held.tsx'

function yours({ gates }: ApprovalSummary): boolean {
  return gates.some((gate) => gate.yours)
}

function Line({
  one,
  chosen,
  onChoose,
}: {
  readonly one: ApprovalSummary
  readonly chosen: boolean
  readonly onChoose: () => void
}) {
  return (
    <li className="border-b border-line/60 last:border-0">
      <button
        type="button"
        aria-current={chosen}
        onClick={onChoose}
        className="block w-full px-3.5 py-2.5 text-left text-sm hover:bg-sunken aria-[current=true]:bg-accent-soft"
      >
        <span className="flex items-center gap-2">
          <b className="min-w-0 grow truncate font-medium">
            <Said text={one.agent} />
          </b>
          {yours(one) && <Badge tone="wait">{t('yours')}</Badge>}
          <WordBadge word={one.state === 'approved' ? 'approved' : null} />
        </span>
        <span className="block truncate text-ink-2">
          <Said mono text={`${one.system}/${one.action}`} />
        </span>
        <span className="flex gap-2 text-xs text-ink-3">
          {t('asked')} <Time at={one.asked_at} /> · {t('ends')} <Time at={one.expires_at} />
          {one.similar > 0 && <> · {plural(one.similar, 'alike', 'alike')}</>}
        </span>
      </button>
    </li>
  )
}

export function Approvals() {
  const { data, error, refetch } = useQuery({ ...approvals, refetchInterval: 1_500 })
  const { id = '' } = useSearch({ from: '/approvals' })
  const go = useNavigate({ from: '/approvals' })
  const list = (data?.approvals ?? []).toSorted((a, b) => Number(yours(b)) - Number(yours(a)))
  const at = list.findIndex((one) => one.id === id)
  const choose = (one: ApprovalSummary | undefined): void => {
    if (one !== undefined) void go({ search: { id: one.id }, replace: true })
  }
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (
        event.target instanceof Element &&
        event.target.closest('input,textarea,select,dialog') !== null
      )
        return
      if (event.key === 'j') choose(list[Math.min(at + 1, list.length - 1)])
      if (event.key === 'k') choose(list[Math.max(at - 1, 0)])
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  })
  return (
    <>
      <PageHead
        title={t('Approvals')}
        about={t('Calls that are held until somebody agrees. j and k go through them.')}
      />
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      <div className="grid gap-4 lg:grid-cols-[20rem_minmax(0,1fr)]">
        <Card flush title={t('Waiting')} className="self-start">
          {data === undefined ? (
            error === null && <Loading />
          ) : list.length === 0 ? (
            <Empty title={t('Nothing waits')} />
          ) : (
            <ul>
              {list.map((one) => (
                <Line key={one.id} one={one} chosen={one.id === id} onChoose={() => choose(one)} />
              ))}
            </ul>
          )}
        </Card>
        {id === '' ? (
          list.length > 0 && (
            <Card>
              <Empty title={t('Choose a call to see what exactly it would do')} />
            </Card>
          )
        ) : (
          <Held key={id} id={id} />
        )}
      </div>
    </>
  )
}
