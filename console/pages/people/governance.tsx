// Holds changes of who governs: those that wait for a second administrator, and what became of the newest.

import { useQuery } from '@tanstack/react-query'
import { part, send } from '../../data/api.ts'
import { reading, useMay } from '../../data/queries.ts'
import type { GovernanceChange } from '../../../src/sdk/types.ts'
import { WordBadge } from '../../ui/badge.tsx'
import { Card, Trouble } from '../../ui/card.tsx'
import { Decide } from '../../ui/decide.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

/** How many are shown. */
const SHOWN = 20

function One({ change }: { readonly change: GovernanceChange }) {
  const may = useMay('administrator')
  const path = `/v1/governance/changes/${part(change.id)}`
  return (
    <li className="space-y-2 border-b border-line/60 py-3 text-sm first:pt-0 last:border-0 last:pb-0">
      <p>
        <WordBadge word={change.state} /> <Said text={change.text} />
      </p>
      <p className="text-xs text-ink-2">
        <Said text={change.proposed_by} />: <Said text={change.reason} />{' '}
        <Time at={change.proposed_at} exact />
        {change.ended_by !== null && (
          <>
            {' '}
            · <Said text={`${change.ended_by}: ${change.ended_reason ?? ''}`} />
          </>
        )}
      </p>
      {change.state === 'open' && (
        <>
          {change.from !== null && (
            <p className="text-xs text-ink-3">
              {t('Who is alone may agree from')} <Time at={change.from} exact />
            </p>
          )}
          <Decide
            may={may}
            ways={[
              {
                words: t('Agree'),
                look: 'primary',
                run: (reason) => send(`${path}/agree`, { reason }),
              },
              { words: t('Refuse'), run: (reason) => send(`${path}/refuse`, { reason }) },
            ]}
          />
        </>
      )}
    </li>
  )
}

export function Governance() {
  const { data, error } = useQuery(
    reading<{ changes: GovernanceChange[] }>('/v1/governance/changes', { limit: SHOWN }),
  )
  if (error !== null) return <Trouble error={error} />
  if (data === undefined || data.changes.length === 0) return null
  const open = data.changes.filter(({ state }) => state === 'open')
  const over = data.changes.filter(({ state }) => state !== 'open')
  return (
    <Card title={t('Changes of who governs')}>
      <ul>
        {[...open, ...over].map((change) => (
          <One key={change.id} change={change} />
        ))}
      </ul>
    </Card>
  )
}
