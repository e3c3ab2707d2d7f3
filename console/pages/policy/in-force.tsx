// Holds the policies that decide now.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { reading, useMay } from '../../data/queries.ts'
import type { PoliciesAnswer } from '../../../src/sdk/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, Empty, Facts, Loading, Trouble } from '../../ui/card.tsx'
import { Json, Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { Change } from './change.tsx'

export function InForce() {
  const may = useMay('administrator')
  const { data, error, refetch } = useQuery(reading<PoliciesAnswer>('/v1/policies', {}, 15_000))
  const [changing, setChanging] = useState<string>()
  const [proposal, setProposal] = useState<string>()
  if (error !== null && data === undefined)
    return <Trouble error={error} again={() => void refetch()} />
  if (data === undefined) return <Loading />
  if (data.sources.length === 0)
    return (
      <Card>
        <Empty title={t('No policy was ever applied: everything is denied')}>
          {t('`bailiwick policy apply FOLDER` puts one in force.')}
        </Empty>
      </Card>
    )
  return (
    <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
      <div className="min-w-0 space-y-4">
        {proposal !== undefined && (
          <p role="status" className="rounded-md bg-wait-soft px-3 py-2 text-sm">
            {t('A second administrator has to agree before it decides:')}{' '}
            <Link to="/policy" search={{ tab: 'proposals' }} className="text-accent underline">
              {t('the proposal')}
            </Link>
          </p>
        )}
        {data.problems.length > 0 && (
          <Card title={t('What was applied last does not decide')}>
            <Json label={t('Problems')} value={data.problems} />
          </Card>
        )}
        {data.sources.map((one) => (
          <Card
            key={one.file}
            title={
              <code>
                <Said text={one.file} />
              </code>
            }
            aside={
              may &&
              changing === undefined && (
                <Button small onClick={() => setChanging(one.file)}>
                  {t('Change')}
                </Button>
              )
            }
          >
            {changing === one.file ? (
              <Change
                sources={data.sources}
                file={one.file}
                onClose={(became) => {
                  setChanging(undefined)
                  setProposal(became)
                }}
              />
            ) : (
              <pre
                tabIndex={0}
                aria-label={one.file}
                className="max-h-96 overflow-auto text-xs leading-5"
              >
                {one.text}
              </pre>
            )}
          </Card>
        ))}
      </div>
      <div className="min-w-0 space-y-4">
        <Card title={t('The set')}>
          <Facts
            facts={[
              [t('policies'), data.policies.length],
              [t('applied'), <Time key="a" at={data.applied_at} exact />],
              [t('by'), data.applied_by],
              [
                t('digest'),
                <code key="d" className="text-xs break-all">
                  {data.digest}
                </code>,
              ],
            ]}
          />
        </Card>
        <Card flush title={t('Policies')}>
          <ul className="max-h-[32rem] overflow-auto">
            {data.policies.map((one) => (
              <li
                key={one.id}
                className="flex items-center gap-2 border-t border-line/60 px-3.5 py-1.5 text-sm first:border-0"
              >
                <Badge tone={one.effect === 'permit' ? 'good' : 'bad'}>{one.effect}</Badge>
                <code className="min-w-0 truncate">
                  <Said text={one.id} />
                </code>
                {one.gate !== undefined && <Badge tone="note">{t('gate')}</Badge>}
              </li>
            ))}
          </ul>
        </Card>
      </div>
    </div>
  )
}
