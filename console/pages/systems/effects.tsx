// Holds what actions set off, declared by whoever pinned them and learned from trace context, as a picture over all systems.

import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { reading } from '../../data/queries.ts'
import type { System, TriggersAnswer } from '../../../src/sdk/types.ts'
import type { Tone } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { Graph, type Leads, type Thing } from '../../ui/graph.tsx'
import { Said } from '../../ui/text.tsx'
import { t } from '../../ui/words.ts'

function toneOf(effects: readonly string[] | undefined): Tone {
  if (effects === undefined || effects.length === 0) return 'bad'
  if (effects.includes('destructive') || effects.includes('spend')) return 'bad'
  return effects.every((one) => one === 'read') ? 'plain' : 'wait'
}

export default function EffectsCard({ systems }: { readonly systems: readonly System[] }) {
  const { data } = useQuery(reading<TriggersAnswer>('/v1/triggers', {}, 30_000))
  const leads = useMemo((): Leads[] => {
    const declared = systems.flatMap(({ name, actions }) =>
      actions.flatMap((action) =>
        (action.triggers ?? []).map((to) => ({ from: `${name}/${action.name}`, to })),
      ),
    )
    const learned = (data?.triggers ?? [])
      .filter(({ dismissed }) => dismissed === null)
      .map(({ from, to }) => ({ from, to, dashed: true }))
    return [...declared, ...learned]
  }, [systems, data])
  const things = useMemo((): Thing[] => {
    const effects = new Map<string, readonly string[]>(
      systems.flatMap(({ name, actions }) =>
        actions.map((action) => [`${name}/${action.name}`, action.effects] as const),
      ),
    )
    const ids = [...new Set(leads.flatMap(({ from, to }) => [from, to]))]
    return ids.map((id) => ({
      id,
      kind: effects.get(id)?.join(', ') ?? t('not pinned: counts as every effect'),
      words: id,
      tone: toneOf(effects.get(id)),
      ...(effects.has(id) && {
        link: { to: '/systems/$name', params: { name: id.slice(0, id.indexOf('/')) } },
      }),
    }))
  }, [systems, leads])
  if (leads.length === 0) return null
  return (
    <Card title={t('What sets off what')}>
      <Graph label={t('What sets off what')} things={things} leads={leads} />
      <ul className="mt-2 space-y-0.5 text-xs text-ink-2">
        {leads.map(({ from, to, dashed }) => (
          <li key={`${from} ${to}`}>
            <Said mono text={`${from} → ${to}`} />{' '}
            {dashed === true ? t('seen in traces (dashed)') : t('declared')}
          </li>
        ))}
      </ul>
    </Card>
  )
}
