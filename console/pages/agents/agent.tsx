// Holds one agent: who answers for it, what it may and did touch, what runs of it, and stopping it.

import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { part, send } from '../../data/api.ts'
import { agent as agentQuery, locks, reading, useMay } from '../../data/queries.ts'
import type { Agent, HistoryAnswer, Instance, Task } from '../../../src/sdk/types.ts'
import { Badge, WordBadge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, Facts, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Decide } from '../../ui/decide.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Id, Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { CallList } from '../calls/call-list.tsx'
import { LockDialog } from '../locks/lock-dialog.tsx'
import { Reach } from './reach.tsx'

const TABS = [
  ['', 'Account'],
  ['reach', 'Reach'],
  ['instances', 'Instances'],
  ['calls', 'Calls'],
] as const

function StateChange({ agent, onClose }: { readonly agent: Agent; readonly onClose: () => void }) {
  const suspends = agent.state !== 'suspended'
  const state = suspends ? 'suspended' : 'active'
  return (
    <Dialog
      title={t(suspends ? 'Suspend {name}' : 'Let {name} go on', { name: agent.name })}
      onClose={onClose}
    >
      <p className="mb-3 text-sm text-ink-2">
        {suspends
          ? t(
              'Its calls are denied and what waits is void until somebody lets it go on. A lock is the stronger way: two people lift it.',
            )
          : t('It may do again what its roles, tasks and people let it.')}
      </p>
      <Decide
        may
        autoFocus
        onDone={onClose}
        onCancel={onClose}
        ways={[
          {
            words: suspends ? t('Suspend') : t('Activate'),
            look: 'primary',
            run: (reason) => send(`/v1/agents/${part(agent.name)}`, { state, reason }, 'PATCH'),
          },
        ]}
      />
    </Dialog>
  )
}

function History({ name }: { readonly name: string }) {
  const { data } = useQuery(reading<HistoryAnswer>(`/v1/history/${part(name)}`))
  if (data === undefined) return <Loading />
  if (data.lineages.length === 0)
    return <p className="text-sm text-ink-3">{t('It has done nothing within the day.')}</p>
  const counts = ['calls', 'writes', 'denials', 'errors', 'recipients', 'bytes', 'money'] as const
  return (
    <div className="space-y-4">
      {data.lineages.map((one) => (
        <div key={one.person ?? ''}>
          <p className="mb-1.5 text-sm">
            {t('for')}{' '}
            <b className="font-medium">
              {one.person === null ? t('nobody') : <Said text={one.person} />}
            </b>
            {one.labels.length > 0 && (
              <span className="ml-2 inline-flex gap-1">
                {one.labels.map((label) => (
                  <Badge key={label} tone="note">
                    {label}
                  </Badge>
                ))}
              </span>
            )}
          </p>
          <table className="w-full text-sm tabular-nums">
            <caption className="sr-only">{t('What it did')}</caption>
            <thead className="text-xs text-ink-3">
              <tr>
                <th scope="col" className="text-left font-medium">
                  {t('Within')}
                </th>
                {counts.map((count) => (
                  <th key={count} scope="col" className="px-1 text-right font-medium">
                    {t(count)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {(['minute', 'hour', 'day'] as const).map((window) => (
                <tr key={window} className="border-t border-line/60">
                  <th scope="row" className="py-1 text-left font-normal text-ink-2">
                    {t(window)}
                  </th>
                  {counts.map((count) => (
                    <td key={count} className="px-1 text-right">
                      {one[count][window].toLocaleString('en')}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {one.actions.length > 0 && (
            <p className="mt-1.5 text-xs text-ink-2">
              {t('touched within the day')}:{' '}
              {one.actions.map((action) => (
                <code key={action} className="mr-2">
                  <Said text={action} />
                </code>
              ))}
            </p>
          )}
        </div>
      ))}
    </div>
  )
}

function Account({ agent }: { readonly agent: Agent }) {
  const tasks = useQuery(reading<{ tasks: Task[] }>('/v1/tasks', { agent: agent.name, limit: 20 }))
    .data?.tasks
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <Card title={t('Who answers for it, and what for')}>
        <Facts
          facts={[
            [t('purpose'), <Said key="p" text={agent.purpose} />],
            [
              t('owner'),
              agent.orphaned ? (
                <Badge key="o" tone="wait">
                  {t('nobody who is here')}
                </Badge>
              ) : (
                <Said key="o" text={agent.owner} />
              ),
            ],
            [t('risk'), <WordBadge key="r" word={agent.risk} />],
            [t('environment'), <Said key="e" text={agent.environment} />],
            [t('without a person'), agent.unattended ? t('may act') : t('never')],
            [t('without a task'), agent.taskless ? t('may act') : t('never')],
            [
              t('observed'),
              agent.observe === null ? undefined : (
                <span key="ob">
                  {t('until')} <Time at={agent.observe.until} />:{' '}
                  <Said text={agent.observe.reason} />
                </span>
              ),
            ],
            [t('review'), <Time key="rv" at={agent.review_at} />],
            [t('ends'), <Time key="en" at={agent.expires_at} />],
            [t('registered'), <Time key="c" at={agent.created_at} exact />],
            [
              t('why so'),
              agent.because === null ? undefined : <Said key="b" text={agent.because} />,
            ],
          ]}
        />
      </Card>
      <Card title={t('Roles that it holds, and why')}>
        {agent.assignments.length === 0 ? (
          <p className="text-sm text-ink-3">{t('None.')}</p>
        ) : (
          <ul className="space-y-2 text-sm">
            {agent.assignments.map((one) => (
              <li key={one.role}>
                <b className="font-medium">
                  <Said text={one.role} />
                </b>{' '}
                <span className="text-ink-2">
                  <Said text={one.reason} />
                </span>
                <span className="block text-xs text-ink-3">
                  {one.by !== null && (
                    <>
                      <Said text={one.by} />,{' '}
                    </>
                  )}
                  <Time at={one.at} />
                  {one.expires_at !== null && (
                    <>
                      {' '}
                      · {t('ends')} <Time at={one.expires_at} />
                    </>
                  )}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Card title={t('What it did')}>
        <History name={agent.name} />
      </Card>
      <Card title={t('Tasks that are open')}>
        {tasks === undefined ? (
          <Loading />
        ) : tasks.length === 0 ? (
          <p className="text-sm text-ink-3">{t('None.')}</p>
        ) : (
          <ul className="space-y-2 text-sm">
            {tasks.map((one) => (
              <li key={one.id}>
                <Link
                  to="/traces/$id"
                  params={{ id: one.id }}
                  className="font-medium hover:underline"
                >
                  <Said text={one.intent} />
                </Link>
                <span className="block text-xs text-ink-3">
                  {t('for')} <Said text={one.on_behalf_of ?? t('nobody')} /> · {t('ends')}{' '}
                  <Time at={one.ends_at} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Card>
    </div>
  )
}

function Instances({ name }: { readonly name: string }) {
  const { data, error } = useQuery(
    reading<{ instances: Instance[] }>('/v1/instances', { agent: name }),
  )
  if (error !== null) return <Trouble error={error} />
  if (data === undefined) return <Loading />
  if (data.instances.length === 0)
    return (
      <Card>
        <p className="text-sm text-ink-3">{t('Nothing of it runs.')}</p>
      </Card>
    )
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      {data.instances.map((one) => (
        <Card key={one.id} title={<Id id={one.id} />} aside={<WordBadge word={one.state} />}>
          <Facts
            facts={[
              [
                'SPIFFE ID',
                <span key="s" className="font-mono text-xs break-all">
                  <Said text={one.spiffe_id} />
                </span>,
              ],
              [t('for'), <Said key="f" text={one.on_behalf_of ?? t('nobody')} />],
              [
                t('attested by'),
                one.attested_by === null ? undefined : (
                  <span key="a">
                    <Said text={one.attested_by.attestor.replaceAll('_', ' ')} />{' '}
                    <Time at={one.attested_by.at} />
                  </span>
                ),
              ],
              [
                t('facts'),
                one.attested_by === null || one.attested_by.selectors.length === 0 ? undefined : (
                  <Said key="x" mono text={one.attested_by.selectors.join(' ')} />
                ),
              ],
              [
                t('made of'),
                Object.entries(one.composition).map(([element, { assurance, value }]) => (
                  <span key={element} className="block">
                    <Said text={`${element} (${assurance})`} />{' '}
                    <code className="text-xs break-all">
                      <Said text={value} />
                    </code>
                  </span>
                )),
              ],
              [t('certificate ends'), <Time key="c" at={one.certificate_ends} />],
              [t('life ends'), <Time key="l" at={one.life_ends} />],
              [t('since'), <Time key="n" at={one.created_at} exact />],
            ]}
          />
        </Card>
      ))}
    </div>
  )
}

export function AgentPage() {
  const { name } = useParams({ from: '/agents/$name' })
  const { tab = '' } = useSearch({ from: '/agents/$name' })
  const go = useNavigate({ from: '/agents/$name' })
  const [dialog, setDialog] = useState<'lock' | 'state'>()
  const may = useMay('operator')
  const { data, error, refetch } = useQuery(agentQuery(name))
  const locked = useQuery(locks).data?.locks.find(
    ({ target }) => target.kind === 'agent' && target.name === name,
  )
  if (error !== null && data === undefined)
    return <Trouble error={error} again={() => void refetch()} />
  if (data === undefined) return <Loading />
  return (
    <>
      <PageHead
        title={
          <>
            <Said text={data.name} /> <WordBadge word={data.state} />
            {locked !== undefined && (
              <Link to="/locks/$id" params={{ id: locked.id }} className="inline-flex">
                <Badge tone="bad">{t('locked')}</Badge>
              </Link>
            )}
          </>
        }
        about={<Said text={data.purpose} />}
        actions={
          <>
            <Button
              disabled={!may || !['active', 'suspended'].includes(data.state)}
              onClick={() => setDialog('state')}
            >
              {data.state === 'suspended' ? t('Let it go on') : t('Suspend')}
            </Button>
            <Button
              look="warn"
              icon="lock"
              disabled={!may || locked !== undefined}
              onClick={() => setDialog('lock')}
            >
              {t('Lock it')}
            </Button>
          </>
        }
      />
      <Tabs
        label={t('About the agent')}
        tabs={TABS}
        at={tab}
        onGo={(value) => void go({ search: { tab: value } })}
      >
        {tab === '' && <Account agent={data} />}
        {tab === 'reach' && <Reach agent={name} />}
        {tab === 'instances' && <Instances name={name} />}
        {tab === 'calls' && (
          <Card flush>
            <CallList query={`agent:${name} type:call.*`} />
          </Card>
        )}
      </Tabs>
      {dialog === 'lock' && (
        <LockDialog kind="agent" name={name} onClose={() => setDialog(undefined)} />
      )}
      {dialog === 'state' && <StateChange agent={data} onClose={() => setDialog(undefined)} />}
    </>
  )
}
