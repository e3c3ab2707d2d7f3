// Holds one lock: what came of it, and lifting it.

import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { part, send } from '../../data/api.ts'
import { lock as lockQuery, useMay } from '../../data/queries.ts'
import { Card, PageHead } from '../../ui/card.tsx'
import { Decide } from '../../ui/decide.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { Receipts } from './receipts.tsx'

export function LockPage() {
  const { id } = useParams({ from: '/locks/$id' })
  const { data } = useQuery(lockQuery(id))
  const may = useMay('operator')
  const answer = (verb: 'remove' | 'keep') => (reason: string) =>
    send(`/v1/locks/${part(id)}/${verb}`, { reason })
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
              <Decide
                may={may}
                ways={
                  data.lift === null
                    ? [{ words: t('Ask to lift it'), look: 'primary', run: answer('remove') }]
                    : [
                        { words: t('Agree, and lift it'), look: 'primary', run: answer('remove') },
                        { words: t('Keep it'), run: answer('keep') },
                      ]
                }
              />
            </div>
          </Card>
        )}
      </div>
    </>
  )
}
