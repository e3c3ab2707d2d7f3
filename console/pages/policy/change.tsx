// Holds changing one policy file: checked while somebody types, held against what agents did, then applied with the whole set.

import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useState } from 'react'
import { Refusal, send } from '../../data/api.ts'
import { useVocabulary } from '../../data/vocabulary.ts'
import type { PolicyApplied, PolicySource, ReplayPage } from '../../../src/sdk/types.ts'
import { Badge, WordBadge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Trouble } from '../../ui/card.tsx'
import { Decide } from '../../ui/decide.tsx'
import type { Marked } from '../../ui/editor/editor.tsx'
import { Area } from '../../ui/fields.tsx'
import { useSettled } from '../../ui/settled.ts'
import { Json, Said } from '../../ui/text.tsx'
import { plural, t } from '../../ui/words.ts'
import { Changes } from './changes.tsx'

const Editor = lazy(() =>
  import('../../ui/editor/editor.tsx').then((module) => ({ default: module.Editor })),
)

const DAYS_7 = 7 * 86_400_000
/** How long nobody types before it is checked (ms). */
const PAUSE_MS = 400
/** Calls that are shown. */
const SHOWN = 100

type Replayed = Pick<
  ReplayPage,
  'calls' | 'newly_denied' | 'newly_allowed' | 'newly_held' | 'changes'
>

/** All pages of a replay, added up. */
async function replay(sources: readonly PolicySource[]): Promise<Replayed> {
  const since = new Date(Date.now() - DAYS_7).toISOString()
  let all: Replayed = { calls: 0, newly_denied: 0, newly_allowed: 0, newly_held: 0, changes: [] }
  let cursor: string | null | undefined
  do {
    const page: ReplayPage = await send('/v1/policies/replay', {
      sources,
      since,
      limit: Math.max(0, SHOWN - all.changes.length),
      ...(cursor !== undefined && { cursor }),
    })
    all = {
      calls: all.calls + page.calls,
      newly_denied: all.newly_denied + page.newly_denied,
      newly_allowed: all.newly_allowed + page.newly_allowed,
      newly_held: all.newly_held + page.newly_held,
      changes: [...all.changes, ...page.changes],
    }
    cursor = page.next
  } while (cursor !== null)
  return all
}

function Outcome({ of }: { readonly of: Replayed }) {
  return (
    <div className="space-y-2 text-sm">
      <p>
        {plural(of.calls, 'call of the last seven days', 'calls of the last seven days')}:{' '}
        {of.newly_denied} {t('newly denied')}, {of.newly_allowed} {t('newly allowed')},{' '}
        {of.newly_held} {t('newly held')}.
      </p>
      <ul className="max-h-64 overflow-auto">
        {of.changes.map((one) => (
          <li key={one.call} className="border-t border-line/60 py-1">
            <Link
              to="/calls/$id"
              params={{ id: one.call }}
              className="font-mono text-xs hover:underline"
            >
              <Said text={`${one.agent} ${one.system}/${one.action}`} />
            </Link>{' '}
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

function Checked({ data }: { readonly data: PolicyApplied | undefined }) {
  if (data === undefined) return <p className="text-sm text-ink-2">{t('Looking…')}</p>
  return (
    <div role="status" className="space-y-2 text-sm">
      <Badge tone="good">{t('holds')}</Badge>
      <Changes of={data} />
      {data.warnings.length > 0 && <Json label={t('Warnings')} value={data.warnings} />}
    </div>
  )
}

/** Where one writes while the editor is on its way. */
function Plain(of: {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
}) {
  return (
    <Area
      label={of.label}
      value={of.value}
      rows={18}
      spellCheck={false}
      className="font-mono text-xs leading-5"
      onChange={(event) => of.onChange(event.target.value)}
    />
  )
}

/** What was found in one file, of the text that was checked. */
function markedIn(file: string, error: Error | null, of: PolicyApplied | undefined): Marked[] {
  const errors = error instanceof Refusal ? error.problems : []
  const all = [
    ...errors.map((one) => ({ ...one, severity: 'error' as const })),
    ...(of?.warnings ?? []).map((one) => ({ ...one, severity: 'warning' as const })),
  ]
  return all
    .filter((one) => one.file === file)
    .map(({ line, column, message, help, severity }) => ({
      line,
      column,
      severity,
      message: help === undefined ? message : `${message}; ${help}`,
    }))
}

/** `sources` is the whole set in force: a set is applied whole, or not at all. */
export function Change({
  sources,
  file,
  onClose,
}: {
  readonly sources: readonly PolicySource[]
  readonly file: string
  /** Told the id of the proposal that it became, where somebody else has to agree. */
  readonly onClose: (proposal?: string) => void
}) {
  const vocabulary = useVocabulary()
  const current = sources.find((one) => one.file === file)?.text ?? ''
  const [from] = useState(current)
  const [text, setText] = useState(current)
  const typed = useSettled(text, PAUSE_MS)
  const withText = (now: string): PolicySource[] =>
    sources.map((one) => (one.file === file ? { file, text: now } : one))
  const checked = useQuery({
    queryKey: ['/v1/policies', 'dry run', file, typed],
    queryFn: () =>
      send<PolicyApplied>('/v1/policies', {
        sources: withText(typed),
        dry_run: true,
        reason: 'checked while it was typed',
      }),
    retry: false,
    gcTime: 0,
  })
  const marked = useMemo(
    () => markedIn(file, checked.error, checked.data),
    [file, checked.error, checked.data],
  )
  const replayed = useMutation({ mutationFn: () => replay(withText(text)) })
  const holds = checked.data !== undefined && typed === text
  return (
    <Decide
      may={holds && current === from}
      onCancel={() => onClose()}
      ways={[
        {
          words: t('Apply'),
          look: 'primary',
          run: async (reason) => {
            const body = { sources: withText(text), reason }
            onClose((await send<PolicyApplied>('/v1/policies', body)).proposal)
          },
        },
      ]}
    >
      <Suspense fallback={<Plain label={file} value={text} onChange={setText} />}>
        <Editor
          label={file}
          value={text}
          onChange={setText}
          marked={marked}
          vocabulary={vocabulary}
        />
      </Suspense>
      {current !== from && (
        <p role="alert" className="text-sm text-wait">
          {t(
            'Somebody else has changed this file meanwhile: leave this, and begin anew with theirs.',
          )}
        </p>
      )}
      {checked.error === null ? <Checked data={checked.data} /> : <Trouble error={checked.error} />}
      {replayed.data !== undefined && <Outcome of={replayed.data} />}
      {replayed.error !== null && <Trouble error={replayed.error} />}
      <Button busy={replayed.isPending} disabled={!holds} onClick={() => replayed.mutate()}>
        {t('Hold against the last seven days')}
      </Button>
    </Decide>
  )
}
