// Holds the policies that decide now, and changing one of their files: checked while somebody types, held against what agents did, then applied.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { Refusal, send } from '../../data/api.ts'
import { reading, useMay } from '../../data/queries.ts'
import type {
  PoliciesAnswer,
  PolicyApplied,
  PolicySource,
  ReplayPage,
} from '../../../src/sdk/types.ts'
import { Badge, WordBadge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, Empty, Facts, Loading, Trouble } from '../../ui/card.tsx'
import { Area, Field } from '../../ui/fields.tsx'
import { Json, Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { plural, t } from '../../ui/words.ts'

const DAYS_7 = 7 * 86_400_000

function Replayed({ page }: { readonly page: ReplayPage }) {
  return (
    <div className="space-y-2 text-sm">
      <p>
        {t('{n} calls of the last seven days decided again:', {
          n: page.calls.toLocaleString('en'),
        })}{' '}
        {plural(page.newly_denied, 'newly denied', 'newly denied')},{' '}
        {plural(page.newly_allowed, 'newly allowed', 'newly allowed')},{' '}
        {plural(page.newly_held, 'newly held', 'newly held')}.
      </p>
      <ul className="max-h-64 overflow-auto">
        {page.changes.map((one) => (
          <li key={one.call} className="border-t border-line/60 py-1">
            <a className="font-mono text-xs hover:underline" href={`/console/calls/${one.call}`}>
              <Said text={`${one.agent} ${one.system}/${one.action}`} />
            </a>{' '}
            <WordBadge word={one.before} /> → <WordBadge word={one.after} />{' '}
            <span className="text-xs text-ink-2">
              <Said text={one.reason} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Changing a file. `sources` is the whole set: a set is applied whole, or not at all. */
function Change({
  sources,
  file,
  onClose,
}: {
  readonly sources: readonly PolicySource[]
  readonly file: string
  readonly onClose: () => void
}) {
  const client = useQueryClient()
  const [text, setText] = useState(sources.find((one) => one.file === file)?.text ?? '')
  const [reason, setReason] = useState('')
  const typed = useDeferredValue(text)
  const set = (now: string): PolicySource[] =>
    sources.map((one) => (one.file === file ? { file, text: now } : one))
  const checked = useQuery({
    queryKey: ['/v1/policies', 'dry run', file, typed],
    queryFn: () =>
      send<PolicyApplied>('/v1/policies', {
        sources: set(typed),
        dry_run: true,
        reason: 'checked while it was typed',
      }),
    retry: false,
    gcTime: 0,
  })
  const replayed = useMutation({
    mutationFn: () =>
      send<ReplayPage>('/v1/policies/replay', {
        sources: set(text),
        since: new Date(Date.now() - DAYS_7).toISOString(),
      }),
  })
  const applied = useMutation({
    mutationFn: () =>
      send<PolicyApplied>('/v1/policies', { sources: set(text), reason: reason.trim() }),
    onSuccess: async () => {
      await client.invalidateQueries()
      onClose()
    },
  })
  const problems = checked.error as (Refusal & { readonly errors?: unknown }) | null
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault()
        applied.mutate()
      }}
    >
      <Area
        label={file}
        value={text}
        rows={18}
        spellCheck={false}
        className="font-mono text-xs leading-5"
        onChange={(event) => setText(event.target.value)}
      />
      {problems !== null ? (
        <Trouble error={problems} />
      ) : (
        <p role="status" className="text-sm text-ink-2">
          {checked.data === undefined ? (
            t('Looking…')
          ) : (
            <>
              <Badge tone="good">{t('holds')}</Badge>{' '}
              {[
                ...checked.data.added.map((id) => `+ ${id}`),
                ...checked.data.changed.map((id) => `± ${id}`),
                ...checked.data.removed.map((id) => `− ${id}`),
              ].join('  ')}
            </>
          )}
        </p>
      )}
      {checked.data !== undefined && checked.data.warnings.length > 0 && (
        <Json label={t('Warnings')} value={checked.data.warnings} />
      )}
      {replayed.data !== undefined && <Replayed page={replayed.data} />}
      {replayed.error !== null && <Trouble error={replayed.error} />}
      {applied.error !== null && <Trouble error={applied.error} />}
      <div className="flex flex-wrap items-end gap-2">
        <div className="min-w-56 grow">
          <Field
            label={t('Why')}
            value={reason}
            required
            maxLength={500}
            onChange={(event) => setReason(event.target.value)}
          />
        </div>
        <Button look="quiet" onClick={onClose}>
          {t('Leave it')}
        </Button>
        <Button
          busy={replayed.isPending}
          disabled={problems !== null}
          onClick={() => replayed.mutate()}
        >
          {t('Hold against last week')}
        </Button>
        <Button type="submit" look="primary" busy={applied.isPending} disabled={problems !== null}>
          {t('Apply')}
        </Button>
      </div>
    </form>
  )
}

export function InForce() {
  const may = useMay('administrator')
  const { data, error, refetch } = useQuery(reading<PoliciesAnswer>('/v1/policies', {}, 15_000))
  const [changing, setChanging] = useState<string>()
  if (error !== null && data === undefined)
    return <Trouble error={error} again={() => void refetch()} />
  if (data === undefined) return <Loading />
  if (data.sources.length === 0)
    return (
      <Card>
        <Empty title={t('No policy was ever applied: everything is denied')}>
          {t('`bailiwick apply -f policies/` applies a folder.')}
        </Empty>
      </Card>
    )
  return (
    <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
      <div className="min-w-0 space-y-4">
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
                onClose={() => setChanging(undefined)}
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
