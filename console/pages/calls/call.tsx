// Holds one call as a story: who, on whose authority, what was decided and why, what was sent, what came back, and the proof.

import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { part, send } from '../../data/api.ts'
import { reading, useMay } from '../../data/queries.ts'
import type { AuditCallStory, CallStory } from '../../../src/sdk/types.ts'
import { WordBadge } from '../../ui/badge.tsx'
import { Card, Facts, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Decide } from '../../ui/decide.tsx'
import { Id, Json, Said, SaidBlock } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { Explained } from './explained.tsx'
import { Proof } from './proof.tsx'

interface Payloads {
  readonly payloads: readonly {
    readonly kind: string
    readonly text: string | null
    readonly kept_at: string
  }[]
}

function Chain({ who }: { readonly who: CallStory['who'] }) {
  const links: React.ReactNode[] = [
    who.person === null ? (
      <span key="n" className="text-ink-3">
        {t('nobody')}
      </span>
    ) : (
      <Said key="p" text={who.person.name ?? who.person.id} />
    ),
    ...who.chain.map((one) => <Said key={one.instance} text={one.agent} />),
    <Link
      key="a"
      to="/agents/$name"
      params={{ name: who.agent ?? '' }}
      className="font-medium text-accent hover:underline"
    >
      <Said text={who.agent ?? ''} />
    </Link>,
  ]
  return (
    <ol aria-label={t('Chain of authority')} className="flex flex-wrap items-center gap-1.5">
      {links.map((link, at) => (
        <li key={at} className="flex items-center gap-1.5">
          {at > 0 && (
            <span aria-hidden="true" className="text-ink-3">
              →
            </span>
          )}
          {link}
        </li>
      ))}
    </ol>
  )
}

const PARTS: readonly (readonly [string, string])[] = [
  ['decide_us', 'decided'],
  ['wait_us', 'waited'],
  ['record_us', 'recorded'],
  ['equip_us', 'equipped'],
  ['upstream_us', 'the system'],
  ['inspect_us', 'inspected'],
]

function Timing({ timings }: { readonly timings: CallStory['timings'] }) {
  const total = timings['total_us'] ?? 0
  if (total === 0 || !PARTS.some(([key]) => timings[key] !== undefined))
    return <p className="text-sm text-ink-3">{t('It has no timing.')}</p>
  return (
    <ul className="space-y-1 text-sm">
      {PARTS.filter(([key]) => timings[key] !== undefined).map(([key, words]) => (
        <li key={key} className="grid grid-cols-[6rem_1fr_5rem] items-center gap-2">
          <span className="text-ink-2">{t(words)}</span>
          <span aria-hidden="true" className="h-2 rounded bg-sunken">
            <span
              className="block h-2 rounded bg-accent"
              style={{ width: `${Math.max(1, (timings[key]! / total) * 100)}%` }}
            />
          </span>
          <span className="text-right tabular-nums">{(timings[key]! / 1_000).toFixed(2)} ms</span>
        </li>
      ))}
    </ul>
  )
}

function Sent({ id, story }: { readonly id: string; readonly story: CallStory }) {
  const may = useMay('investigator')
  const [opened, setOpened] = useState<Payloads>()
  const { sent, came_back: back } = story
  return (
    <div className="space-y-3">
      <Facts
        facts={[
          [t('sent'), sent === null ? t('never') : <Time key="s" at={sent.at} exact />],
          [t('effects'), sent?.effects.join(', ')],
          [
            t('arguments'),
            typeof sent?.arguments !== 'string' ? undefined : (
              <span key="a">
                <code className="text-xs break-all">{sent.arguments}</code>{' '}
                <span className="text-ink-3">
                  {sent.bytes} {t('bytes')}
                </span>
              </span>
            ),
          ],
          [
            t('with'),
            sent === null || sent.credentials.length === 0 ? undefined : (
              <Said key="c" text={sent.credentials.join(', ')} />
            ),
          ],
          [
            t('came back'),
            back === null ? undefined : (
              <span key="b">
                <WordBadge word={back.status} /> <Time at={back.at} exact />
              </span>
            ),
          ],
          [t('carried out'), back?.executed],
          [
            t('why'),
            typeof back?.reason !== 'string' ? undefined : <Said key="w" text={back.reason} />,
          ],
          [
            t('answer'),
            typeof back?.result !== 'string' ? undefined : (
              <span key="r">
                <code className="text-xs break-all">{back.result}</code>{' '}
                <span className="text-ink-3">
                  {back.bytes} {t('bytes')}
                </span>
              </span>
            ),
          ],
          [t('labels'), back?.labels.join(', ')],
        ]}
      />
      {opened?.payloads.map((one) => (
        <div key={one.kind}>
          <h3 className="mb-1 text-xs font-medium text-ink-2">
            <Said text={one.kind} />
          </h3>
          {one.text === null ? (
            <p className="text-sm text-ink-3">{t('erased')}</p>
          ) : (
            <SaidBlock label={one.kind} text={one.text} />
          )}
        </div>
      ))}
      {opened === undefined &&
        (may ? (
          <Decide
            may
            label={t('To see the arguments, say why')}
            ways={[
              {
                words: t('Show'),
                run: async (reason) =>
                  setOpened(
                    await send<Payloads>(`/v1/audit/calls/${part(id)}/payloads`, { reason }),
                  ),
              },
            ]}
          />
        ) : (
          <p className="text-xs text-ink-3">
            {t('What it sent is for who holds the role investigator; every look is recorded.')}
          </p>
        ))}
    </div>
  )
}

function Followed({ story }: { readonly story: CallStory }) {
  const { items, complete } = story.followed
  if (items.length === 0) return <p className="text-sm text-ink-3">{t('Nothing that is known.')}</p>
  return (
    <ul className="space-y-1.5 text-sm">
      {items.map((one) => (
        <li key={`${one.kind} ${one.id}`}>
          <Time at={one.at} /> ·{' '}
          {one.kind === 'call' ? (
            <Link to="/calls/$id" params={{ id: one.id }} className="text-accent hover:underline">
              <Said text={one.what} />
            </Link>
          ) : one.kind === 'lock' ? (
            <Link to="/locks/$id" params={{ id: one.id }} className="text-accent hover:underline">
              <Said text={one.what} />
            </Link>
          ) : (
            <Said text={one.what} />
          )}
          <span className="block text-xs text-ink-3">
            <Said text={one.why} />
          </span>
        </li>
      ))}
      {!complete && (
        <li className="text-xs text-ink-3">{t('There is more in the log than was looked at.')}</li>
      )}
    </ul>
  )
}

export function CallPage() {
  const { id } = useParams({ from: '/calls/$id' })
  const { data, error, refetch } = useQuery(
    reading<AuditCallStory>(`/v1/audit/calls/${part(id)}`, {}, 3_000),
  )
  if (error !== null && data === undefined)
    return <Trouble error={error} again={() => void refetch()} />
  if (data === undefined) return <Loading />
  const { story, summary } = data
  const { decision, who } = story
  return (
    <>
      <PageHead
        title={
          <>
            <Said mono text={`${summary.system ?? ''}/${summary.action ?? ''}`} />{' '}
            <WordBadge word={summary.answer} />
            {decision.observed && <WordBadge word="observe" />}
            {summary.status !== null && summary.status !== 'denied' && (
              <WordBadge word={summary.status} />
            )}
          </>
        }
        about={
          <>
            <Time at={summary.started_at} exact /> · <Id id={id} />
          </>
        }
        actions={
          <Link
            to="/traces/$id"
            params={{ id: story.authority.task ?? id }}
            className="inline-flex h-8 items-center rounded-md border border-line-strong px-3 text-sm font-medium hover:bg-sunken"
          >
            {t('All that belongs to it')}
          </Link>
        }
      />
      <div className="grid gap-4 xl:grid-cols-2">
        <Card title={t('Who, and on whose authority')}>
          <div className="space-y-3 text-sm">
            <Chain who={who} />
            <Facts
              facts={[
                [
                  t('task'),
                  story.authority.task === null ? (
                    t('none')
                  ) : (
                    <Link
                      key="t"
                      to="/traces/$id"
                      params={{ id: story.authority.task }}
                      className="text-accent hover:underline"
                    >
                      {story.authority.task}
                    </Link>
                  ),
                ],
                [
                  t('instance'),
                  who.instance === null ? undefined : <Id key="i" id={who.instance} />,
                ],
                [
                  'SPIFFE ID',
                  who.spiffe_id === null ? undefined : (
                    <span key="s" className="font-mono text-xs break-all">
                      {who.spiffe_id}
                    </span>
                  ),
                ],
                [
                  t('credential'),
                  who.credential === null
                    ? undefined
                    : `${who.credential.kind ?? ''}, ${who.credential.binding ?? ''}`,
                ],
                [
                  t('says it is'),
                  who.claimed.client === null ? undefined : (
                    <Said key="c" text={who.claimed.client} />
                  ),
                ],
                [t('set off by'), story.triggers.map((one) => `${one.by} (${one.how})`).join(', ')],
              ]}
            />
          </div>
        </Card>
        <Card title={t('What was decided, and why')}>
          <Explained id={id} story={story} />
        </Card>
        <Card title={t('What was sent, and what came back')}>
          <Sent id={id} story={story} />
        </Card>
        <div className="min-w-0 space-y-4">
          {story.approval !== null && (
            <Card title={t('Who agreed')}>
              <ul className="space-y-1 text-sm">
                {story.approval.said.map((one, at) => (
                  <li key={at}>
                    <b className="font-medium">
                      <Said text={one.person?.name ?? t('Bailiwick')} />
                    </b>{' '}
                    {one.what} <Time at={one.at} exact />
                  </li>
                ))}
              </ul>
              <p className="mt-1.5 text-xs text-ink-3">
                {t('asked')} <Time at={story.approval.requested_at} exact /> ·{' '}
                {story.approval.gates.join(', ')}
              </p>
            </Card>
          )}
          <Card title={t('Where the time went')}>
            <Timing timings={story.timings} />
          </Card>
          <Card title={t('What followed')}>
            <Followed story={story} />
          </Card>
          <Card title={t('Proof')}>
            <Proof call={id} proof={story.proof} />
          </Card>
        </div>
      </div>
      <details className="mt-4">
        <summary className="text-sm text-ink-2">
          {t('The records as they stand in the log')}
        </summary>
        <div className="mt-2 space-y-2">
          {data.records.map((one) => (
            <Json key={one.leaf} label={one.record.type} value={one.record} />
          ))}
        </div>
      </details>
    </>
  )
}
