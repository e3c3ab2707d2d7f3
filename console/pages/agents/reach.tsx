// Holds what a stolen agent could touch now: its ways, and every action behind them with what bounds it and what it sets off.

import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { send } from '../../data/api.ts'
import type { ReachAnswer } from '../../../src/sdk/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Card, Empty, Loading, Trouble } from '../../ui/card.tsx'
import { Said } from '../../ui/text.tsx'
import { plural, t } from '../../ui/words.ts'

const ReachGraph = lazy(() => import('./reach-graph.tsx'))

type Reached = ReachAnswer['actions'][number]

function ActionLine({ action }: { readonly action: Reached }) {
  const name = action.action.slice(action.action.indexOf('/') + 1)
  return (
    <li className="border-t border-line/60 py-1.5 text-sm first:border-0">
      <details>
        <summary className="flex flex-wrap items-center gap-1.5">
          <code className="font-medium">
            <Said text={name} />
          </code>
          {action.effects.map((effect) => (
            <Badge
              key={effect}
              tone={effect === 'read' ? 'plain' : effect === 'destructive' ? 'bad' : 'wait'}
            >
              {effect}
            </Badge>
          ))}
          {action.gates.length > 0 && <Badge tone="note">{t('a person is asked')}</Badge>}
          {action.sets_off.length > 0 && (
            <span className="text-xs text-ink-2">
              →{' '}
              {action.sets_off.map((one) => (
                <code key={one} className="mr-1">
                  <Said text={one} />
                </code>
              ))}
            </span>
          )}
        </summary>
        <div className="mt-1 space-y-1 pl-4 text-xs text-ink-2">
          <p>
            {t('permitted by')}{' '}
            {action.permits.map((id) => (
              <code key={id} className="mr-1.5">
                <Said text={id} />
              </code>
            ))}
          </p>
          {action.gates.map((gate) => (
            <p key={gate.policy}>
              {t('gate')} <Said text={gate.name} /> (
              {gate.always ? t('always') : t('under a condition')})
            </p>
          ))}
          {action.bounds.map((bound, at) => (
            <p key={at}>
              <span className="text-ink-3">
                {bound.effect} {bound.kind}
              </span>{' '}
              <code className="break-words">
                <Said text={bound.text} />
              </code>
            </p>
          ))}
        </div>
      </details>
    </li>
  )
}

export function Reach({ agent }: { readonly agent: string }) {
  const { data, error } = useQuery({
    queryKey: ['/v1/policies/reach', agent],
    queryFn: () => send<ReachAnswer>('/v1/policies/reach', { agent }),
  })
  if (error !== null) return <Trouble error={error} />
  if (data === undefined) return <Loading />
  return (
    <div className="space-y-4">
      {data.actions.length > 0 && (
        <Suspense fallback={<Loading />}>
          <ReachGraph reach={data} />
        </Suspense>
      )}
      <List data={data} />
    </div>
  )
}

/** The same in words: what the picture cannot say, and for whoever does not see it. */
function List({ data }: { readonly data: ReachAnswer }) {
  const systems = Map.groupBy(data.actions, ({ action }) => action.slice(0, action.indexOf('/')))
  return (
    <div className="grid gap-4 lg:grid-cols-[18rem_minmax(0,1fr)]">
      <div className="space-y-4">
        <Card title={t('Ways in which it can act')}>
          {data.ways.length === 0 && (
            <p className="text-sm text-ink-3">{t('None: a stolen one could do nothing.')}</p>
          )}
          <ol className="space-y-2 text-sm">
            {data.ways.map((way, at) => (
              <li key={at} className={way.shut === null ? '' : 'text-ink-3'}>
                {way.person === null ? (
                  t('on nobody’s behalf')
                ) : (
                  <>
                    {t('for')}{' '}
                    <b className="font-medium">
                      <Said text={way.person} />
                    </b>
                  </>
                )}
                {way.task !== null && (
                  <span className="block text-xs text-ink-2">
                    <Said text={way.task.intent} />
                  </span>
                )}
                {way.shut !== null && (
                  <span className="block text-xs">
                    <Said text={way.shut} />
                  </span>
                )}
              </li>
            ))}
          </ol>
        </Card>
        {data.closed.length > 0 && (
          <Card title={t('Shut')}>
            <ul className="space-y-1 text-sm">
              {data.closed.map((one) => (
                <li key={one.system}>
                  <b className="font-medium">
                    <Said text={one.system} />
                  </b>{' '}
                  <span className="text-ink-2">
                    <Said text={one.why} />
                  </span>
                </li>
              ))}
            </ul>
          </Card>
        )}
      </div>
      {data.actions.length === 0 ? (
        <Card>
          <Empty title={t('Nothing is within its reach now')} />
        </Card>
      ) : (
        <div className="space-y-4">
          {[...systems].map(([system, actions]) => (
            <Card
              key={system}
              title={<Said text={system} />}
              aside={
                <span className="text-xs text-ink-3">
                  {plural(actions.length, 'action', 'actions')}
                </span>
              }
            >
              <ul>
                {actions.map((one) => (
                  <ActionLine key={one.action} action={one} />
                ))}
              </ul>
            </Card>
          ))}
        </div>
      )}
    </div>
  )
}
