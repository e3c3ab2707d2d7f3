// Holds one system: its actions with what they do, its credentials (never their values), and what waits because it changed.

import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { part, send } from '../../data/api.ts'
import { reading, useMay } from '../../data/queries.ts'
import type { Action, Credential, QuarantineAnswer, System } from '../../../src/sdk/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, Facts, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Decide } from '../../ui/decide.tsx'
import { Json, Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { LockDialog } from '../locks/lock-dialog.tsx'

function Change({ change }: { readonly change: QuarantineAnswer['differences'][number] }) {
  return (
    <li className="space-y-1.5 border-t border-line/60 py-2 first:border-0">
      <p className="text-sm">
        <Badge tone={change.change === 'removed' ? 'bad' : 'wait'}>{change.change}</Badge>{' '}
        {change.part}{' '}
        {change.name !== null && (
          <code>
            <Said text={change.name} />
          </code>
        )}
      </p>
      {change.fields.map((field) => (
        <div key={field.field} className="text-xs">
          <p className="text-ink-3">{field.field}</p>
          {field.before !== null && (
            <pre
              tabIndex={0}
              aria-label={t('before')}
              className="overflow-x-auto rounded bg-bad-soft p-1.5 whitespace-pre-wrap"
            >
              <span aria-hidden="true">− </span>
              <Said text={field.before} />
            </pre>
          )}
          {field.now !== null && (
            <pre
              tabIndex={0}
              aria-label={t('now')}
              className="mt-0.5 overflow-x-auto rounded bg-good-soft p-1.5 whitespace-pre-wrap"
            >
              <span aria-hidden="true">+ </span>
              <Said text={field.now} />
            </pre>
          )}
        </div>
      ))}
    </li>
  )
}

function Quarantine({ name }: { readonly name: string }) {
  const may = useMay('operator')
  const { data, error } = useQuery(
    reading<QuarantineAnswer>(`/v1/systems/${part(name)}/quarantine`),
  )
  const answer = (verb: 'approve' | 'reject') => (reason: string) =>
    send(`/v1/systems/${part(name)}/${verb}`, { fingerprint: data?.fingerprint, reason })
  if (error !== null) return <Trouble error={error} />
  if (data === undefined) return <Loading />
  return (
    <div className="space-y-3">
      <p className="text-sm text-ink-2">
        {data.whole
          ? t('Nothing of it goes on until somebody looked at this.')
          : t('What changed does not go on until somebody looked at this; the rest does.')}{' '}
        <Time at={data.since} />
      </p>
      {data.signs.length > 0 && (
        <ul className="space-y-1 rounded-md bg-bad-soft px-3 py-2 text-sm">
          {data.signs.map((sign, at) => (
            <li key={at}>
              <b className="font-medium text-bad">
                <Said text={sign.message} />
              </b>{' '}
              <span className="text-ink-2">
                <Said text={`${sign.place}: ${sign.excerpt}`} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {data.breaks.length > 0 && (
        <Json label={t('Policies that would not hold with it')} value={data.breaks} />
      )}
      <ul>
        {data.differences.map((change, at) => (
          <Change key={at} change={change} />
        ))}
      </ul>
      <Decide
        may={may}
        ways={[
          { words: t('Pin what it shows now'), look: 'primary', run: answer('approve') },
          { words: t('Keep what was pinned'), run: answer('reject') },
        ]}
      />
    </div>
  )
}

function ActionLine({ action }: { readonly action: Action }) {
  return (
    <li className="border-t border-line/60 px-3.5 py-2 first:border-0">
      <details>
        <summary className="flex flex-wrap items-center gap-1.5 text-sm">
          <code className="font-medium">
            <Said text={action.name} />
          </code>
          {action.effects.length === 0 ? (
            <Badge tone="bad">{t('counts as every effect')}</Badge>
          ) : (
            action.effects.map((one) => (
              <Badge
                key={one}
                tone={one === 'read' ? 'plain' : one === 'destructive' ? 'bad' : 'wait'}
              >
                {one}
              </Badge>
            ))
          )}
          {action.labels?.map((one) => (
            <Badge key={one} tone="note">
              {one}
            </Badge>
          ))}
          {action.triggers !== undefined && action.triggers.length > 0 && (
            <span className="text-xs text-ink-2">
              → <Said mono text={action.triggers.join(' ')} />
            </span>
          )}
        </summary>
        <div className="mt-2 space-y-2 pl-4">
          {action.description !== undefined && (
            <p className="text-sm whitespace-pre-wrap text-ink-2">
              <Said text={action.description} />
            </p>
          )}
          <Json label={t('Input schema')} value={action.input_schema} />
        </div>
      </details>
    </li>
  )
}

export function SystemPage() {
  const { name } = useParams({ from: '/systems/$name' })
  const { data, error, refetch } = useQuery(reading<System>(`/v1/systems/${part(name)}`))
  const credentials = useQuery(
    reading<{ credentials: Credential[] }>('/v1/credentials', {}, 15_000),
  ).data?.credentials.filter((one) => one.system === name)
  const [lock, setLock] = useState(false)
  if (error !== null && data === undefined)
    return <Trouble error={error} again={() => void refetch()} />
  if (data === undefined) return <Loading />
  return (
    <>
      <PageHead
        title={
          <>
            <Said text={data.name} /> <Badge>{data.transport.kind}</Badge>
            {data.quarantine !== null && <Badge tone="wait">{t('changed')}</Badge>}
            {data.isolated.length > 0 && <Badge tone="bad">{t('isolated')}</Badge>}
          </>
        }
        about={<Said text={data.server.title ?? `${data.server.name} ${data.server.version}`} />}
        actions={
          <Button look="warn" icon="lock" onClick={() => setLock(true)}>
            {t('Lock it')}
          </Button>
        }
      />
      {data.isolated.length > 0 && (
        <div className="mb-4">
          <Card title={t('Policies that do not hold with what it is now')}>
            <Json label={t('Problems')} value={data.isolated} />
          </Card>
        </div>
      )}
      {data.quarantine !== null && (
        <div className="mb-4">
          <Card title={t('It shows something else than was pinned')}>
            <Quarantine name={name} />
          </Card>
        </div>
      )}
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <Card
          flush
          title={t('Actions')}
          aside={<span className="text-xs text-ink-3 tabular-nums">{data.actions.length}</span>}
        >
          <ul>
            {data.actions.map((one) => (
              <ActionLine key={one.name} action={one} />
            ))}
          </ul>
        </Card>
        <div className="min-w-0 space-y-4">
          <Card title={t('How it is reached')}>
            <Facts
              facts={[
                [t('environment'), <Said key="e" text={data.environment} />],
                [t('pinned'), <Time key="p" at={data.pinned_at} exact />],
                [t('by'), <Said key="b" text={data.pinned_by} />],
                [t('why'), <Said key="w" text={data.reason} />],
                [
                  t('fingerprint'),
                  <code key="f" className="text-xs break-all">
                    {data.fingerprint}
                  </code>,
                ],
              ]}
            />
            <div className="mt-3">
              <Json label={t('Transport')} value={data.transport} />
            </div>
          </Card>
          <Card title={t('Credentials')}>
            {credentials === undefined ? (
              <Loading />
            ) : credentials.length === 0 ? (
              <p className="text-sm text-ink-3">{t('None.')}</p>
            ) : (
              <ul className="space-y-3">
                {credentials.map((one) => (
                  <li key={one.name}>
                    <p className="text-sm font-medium">
                      <Said text={one.name} />{' '}
                      {one.exposed !== null && <Badge tone="bad">{t('exposed')}</Badge>}
                    </p>
                    <Facts
                      facts={[
                        [t('version'), one.version],
                        [t('kept'), one.reference ?? t('sealed in this home')],
                        [t('due'), <Time key="d" at={one.due_at} />],
                        [t('last used'), <Time key="u" at={one.last_used_at} />],
                        [t('by'), one.used_by.join(', ')],
                      ]}
                    />
                  </li>
                ))}
              </ul>
            )}
          </Card>
        </div>
      </div>
      {lock && <LockDialog kind="system" name={name} onClose={() => setLock(false)} />}
    </>
  )
}
