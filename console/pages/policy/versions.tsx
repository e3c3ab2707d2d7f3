// Holds the versions of the policies, and going back to one.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../data/api.ts'
import { reading, useMay } from '../../data/queries.ts'
import type { PolicyApplied, PolicyVersionEntry } from '../../../src/sdk/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, Empty, Loading, Trouble } from '../../ui/card.tsx'
import { Decide } from '../../ui/decide.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Id, Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { Changes } from './changes.tsx'

function Rollback({
  version,
  onClose,
}: {
  readonly version: PolicyVersionEntry
  readonly onClose: () => void
}) {
  const back = (more: { readonly reason: string; readonly dry_run?: true }) =>
    send<PolicyApplied>('/v1/policies/rollback', { version: version.id, ...more })
  const dry = useQuery({
    queryKey: ['/v1/policies/rollback', version.id],
    queryFn: () => back({ reason: 'looked at before going back', dry_run: true }),
    retry: false,
  })
  return (
    <Dialog title={t('Back to an earlier version')} onClose={onClose}>
      <Decide
        may={dry.data !== undefined}
        autoFocus
        onDone={onClose}
        onCancel={onClose}
        ways={[{ words: t('Go back'), look: 'primary', run: (reason) => back({ reason }) }]}
      >
        {dry.data !== undefined && <Changes of={dry.data} />}
        {dry.error !== null && <Trouble error={dry.error} />}
      </Decide>
    </Dialog>
  )
}

export function Versions() {
  const may = useMay('administrator')
  const [back, setBack] = useState<PolicyVersionEntry>()
  const { data, error } = useQuery(
    reading<{ versions: PolicyVersionEntry[] }>('/v1/policies/versions', { limit: 200 }, 15_000),
  )
  if (error !== null) return <Trouble error={error} />
  if (data === undefined) return <Loading />
  if (data.versions.length === 0)
    return (
      <Card>
        <Empty title={t('There is none yet')} />
      </Card>
    )
  return (
    <Card flush>
      <ul>
        {data.versions.map((one) => (
          <li
            key={one.id}
            className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line/60 px-3.5 py-2 text-sm first:border-0"
          >
            <Time at={one.applied_at} exact />
            <b className="font-medium">
              <Said text={one.applied_by} />
            </b>
            {one.approved_by !== null && (
              <span className="text-ink-2">
                {t('with')} <Said text={one.approved_by} />
              </span>
            )}
            <span className="min-w-0 grow text-ink-2">
              <Said text={one.reason ?? ''} />
            </span>
            {one.rollback_of !== null && <Badge>{t('back')}</Badge>}
            <Id id={one.id} />
            {one.current ? (
              <Badge tone="good">{t('in force')}</Badge>
            ) : (
              <Button small disabled={!may} onClick={() => setBack(one)}>
                {t('Go back to it')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {back !== undefined && <Rollback version={back} onClose={() => setBack(undefined)} />}
    </Card>
  )
}
