// Holds one lock: what came of it, and lifting it.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { part, send } from '../../data/api.ts'
import { reading, useMay } from '../../data/queries.ts'
import type { LockShown } from '../../../src/sdk/types.ts'
import { Button } from '../../ui/button.tsx'
import { Card, PageHead, Trouble } from '../../ui/card.tsx'
import { Field } from '../../ui/fields.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { Receipts } from './receipts.tsx'

export function LockPage() {
  const { id } = useParams({ from: '/locks/$id' })
  const { data } = useQuery(reading<LockShown>(`/v1/locks/${part(id)}`, {}, 500))
  const client = useQueryClient()
  const may = useMay('operator')
  const [reason, setReason] = useState('')
  const lift = useMutation({
    mutationFn: (verb: 'remove' | 'keep') =>
      send(`/v1/locks/${part(id)}/${verb}`, { reason: reason.trim() }),
    onSuccess: () => client.invalidateQueries(),
  })
  return (
    <>
      <PageHead title={t('Lock')} />
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <Card title={t('What came of it')}>
          <Receipts id={id} />
        </Card>
        {data !== undefined && data.removed_at === null && (
          <Card title={t('Lift it')}>
            <div className="space-y-3 text-sm">
              {data.lift === null ? (
                <p className="text-ink-2">
                  {t(
                    'Two people lift a lock: the first asks, the second agrees. Whoever is alone says it again after a while.',
                  )}
                </p>
              ) : (
                <p>
                  <Said text={data.lift.asked_by} /> {t('asked')} <Time at={data.lift.asked_at} />:
                  “<Said text={data.lift.reason} />”
                  {data.lift.from !== null && (
                    <>
                      {' '}
                      · {t('alone, from')} <Time at={data.lift.from} />
                    </>
                  )}
                </p>
              )}
              <Field
                label={t('Why')}
                value={reason}
                maxLength={500}
                onChange={(event) => setReason(event.target.value)}
              />
              {lift.error !== null && <Trouble error={lift.error} />}
              <div className="flex gap-2">
                <Button
                  look="primary"
                  disabled={!may || reason.trim() === ''}
                  busy={lift.isPending}
                  onClick={() => lift.mutate('remove')}
                >
                  {data.lift === null ? t('Ask to lift it') : t('Agree, and lift it')}
                </Button>
                {data.lift !== null && (
                  <Button
                    disabled={!may || reason.trim() === ''}
                    busy={lift.isPending}
                    onClick={() => lift.mutate('keep')}
                  >
                    {t('Keep it')}
                  </Button>
                )}
              </div>
            </div>
          </Card>
        )}
      </div>
    </>
  )
}
