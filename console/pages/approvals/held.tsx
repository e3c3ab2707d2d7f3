// Holds one held call as its approver sees it: what exactly will happen, what is unusual, and saying yes or no.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { part } from '../../data/api.ts'
import { reading } from '../../data/queries.ts'
import type { Approval } from '../../../src/sdk/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Card, Facts, Loading, Trouble } from '../../ui/card.tsx'
import { Json, Said, Words } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { Answer } from './answer.tsx'

export function Held({ id }: { readonly id: string }) {
  const { data, error, refetch } = useQuery(
    reading<Approval>(`/v1/approvals/${part(id)}`, {}, false),
  )
  if (error !== null) return <Trouble error={error} again={() => void refetch()} />
  if (data === undefined)
    return (
      <Card>
        <Loading />
      </Card>
    )
  const marks = data.unusual?.marks ?? []
  return (
    <div className="min-w-0 space-y-4">
      <Card
        title={
          <>
            <Said mono text={`${data.system}/${data.action}`} />
          </>
        }
        aside={
          <span className="text-xs text-ink-3">
            {t('ends')} <Time at={data.expires_at} />
          </span>
        }
      >
        <div className="space-y-4">
          <Facts
            facts={[
              [
                t('agent'),
                <Link
                  key="a"
                  to="/agents/$name"
                  params={{ name: data.agent }}
                  className="font-medium hover:underline"
                >
                  <Said text={data.agent} />
                </Link>,
              ],
              [t('for'), <Said key="f" text={data.person ?? t('nobody')} />],
              [
                t('task'),
                data.task === undefined ? t('none') : <Said key="t" text={data.task.intent} />,
              ],
              [t('why it is held'), <Said key="w" text={data.reason} />],
              [
                t('it would'),
                <span key="e" className="flex gap-1">
                  {data.effects.map((one) => (
                    <Badge
                      key={one}
                      tone={one === 'destructive' ? 'bad' : one === 'read' ? 'plain' : 'wait'}
                    >
                      {one}
                    </Badge>
                  ))}
                </span>,
              ],
              [t('asked'), <Time key="q" at={data.asked_at} exact />],
              [
                t('deployment'),
                <span key="s" className="text-ink-2">
                  <Words text={data.situation} />
                </span>,
              ],
            ]}
          />
          {marks.length > 0 && (
            <div role="note" className="rounded-md bg-wait-soft px-3 py-2 text-sm">
              <b className="font-medium text-wait">{t('Unlike any call before')}</b>
              <ul className="mt-1 list-disc pl-4">
                {marks.map((mark) => (
                  <li key={`${mark.path} ${mark.kind}`}>
                    <code>
                      <Said text={mark.path} />
                    </code>
                    : {mark.kind.replaceAll('_', ' ')}{' '}
                    <span className="text-ink-2">
                      (<Said text={mark.before} />)
                    </span>
                  </li>
                ))}
              </ul>
            </div>
          )}
          <div>
            <h3 className="mb-1 text-xs font-medium text-ink-2">
              {t('The arguments, exactly as they would be sent')}
            </h3>
            {data.input === null ? (
              <p className="text-sm text-ink-3">{t('They are gone: this was answered.')}</p>
            ) : (
              <Json label={t('Arguments')} value={data.input} />
            )}
          </div>
          <div>
            <h3 className="mb-1 text-xs font-medium text-ink-2">{t('Who has to agree')}</h3>
            <ul className="space-y-1 text-sm">
              {data.gates.map((gate) => (
                <li key={gate.policy}>
                  <Said text={gate.asks} />{' '}
                  {gate.missing === 0 ? (
                    <Badge tone="good">{t('agreed')}</Badge>
                  ) : (
                    <Badge tone="wait">{t('{n} to go', { n: gate.missing })}</Badge>
                  )}{' '}
                  {gate.present && <Badge tone="note">{t('with a passkey')}</Badge>}{' '}
                  <span className="text-ink-2">
                    {gate.agreed_by.map(({ name }) => name).join(', ')}
                  </span>
                </li>
              ))}
            </ul>
          </div>
        </div>
      </Card>
      <Card title={t('Your answer')}>
        <Answer approval={data} />
      </Card>
    </div>
  )
}
