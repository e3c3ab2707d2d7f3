// Holds stopping something: what, why, once more "yes"; then what every gateway says, as it says it.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../data/api.ts'
import { reading, systems, useMay } from '../../data/queries.ts'
import type { Agent, LockAdded, LockKind } from '../../../src/sdk/types.ts'
import { Button } from '../../ui/button.tsx'
import { Trouble } from '../../ui/card.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Select } from '../../ui/fields.tsx'
import { t } from '../../ui/words.ts'
import { Receipts } from './receipts.tsx'

const KINDS: readonly (readonly [LockKind, string])[] = [
  ['agent', 'An agent'],
  ['instance', 'One instance'],
  ['person', 'A person, and all that acts for them'],
  ['system', 'A system'],
  ['action', 'An action (system/action)'],
  ['task', 'A task'],
  ['delegation', 'A delegation'],
  ['credential', 'A credential (system/name)'],
  ['everything', 'Everything'],
]

function useNames(kind: LockKind): readonly string[] {
  const agents =
    useQuery(reading<{ agents: Agent[] }>('/v1/agents', { limit: 1_000 }, false)).data?.agents ?? []
  const pinned = useQuery(systems).data?.systems ?? []
  if (kind === 'agent') return agents.map(({ name }) => name)
  if (kind === 'system') return pinned.map(({ name }) => name)
  if (kind === 'action')
    return pinned.flatMap(({ actions, name }) => actions.map((action) => `${name}/${action.name}`))
  return []
}

export function LockDialog(of: {
  readonly onClose: () => void
  readonly kind?: LockKind
  readonly name?: string
}) {
  const client = useQueryClient()
  const may = useMay('operator')
  const [kind, setKind] = useState<LockKind>(of.kind ?? 'agent')
  const [name, setName] = useState(of.name ?? '')
  const [reason, setReason] = useState('')
  const names = useNames(kind)
  const lock = useMutation({
    mutationFn: () =>
      send<LockAdded>('/v1/locks', {
        target: { kind, name: kind === 'everything' ? '' : name.trim() },
        reason: reason.trim(),
      }),
    onSuccess: () => client.invalidateQueries(),
  })
  if (lock.data !== undefined) {
    return (
      <Dialog wide title={t('Locked')} onClose={of.onClose}>
        <Receipts id={lock.data.id} />
      </Dialog>
    )
  }
  return (
    <Dialog title={t('Stop something now')} onClose={of.onClose}>
      <form
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault()
          lock.mutate()
        }}
      >
        <p className="text-sm text-ink-2">
          {t(
            'The next call is denied, what runs is cut, what waits is void, at every gateway. Nothing is deleted; two people lift it.',
          )}
        </p>
        <Select
          label={t('What')}
          value={kind}
          options={KINDS.map(([value, words]) => [value, t(words)])}
          onChange={(event) => setKind(event.target.value as LockKind)}
        />
        {kind !== 'everything' && (
          <>
            <Field
              label={t('Which')}
              value={name}
              list="lock-names"
              required
              autoFocus={of.name === undefined}
              onChange={(event) => setName(event.target.value)}
            />
            <datalist id="lock-names">
              {names.slice(0, 1_000).map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          </>
        )}
        <Field
          label={t('Why')}
          value={reason}
          required
          maxLength={500}
          autoFocus={of.name !== undefined}
          placeholder={t('It stands in the record')}
          onChange={(event) => setReason(event.target.value)}
        />
        {lock.error !== null && <Trouble error={lock.error} />}
        {!may && <p className="text-sm text-wait">{t('Locking takes the role operator.')}</p>}
        <div className="flex justify-end gap-2 pt-1">
          <Button look="quiet" onClick={of.onClose}>
            {t('Cancel')}
          </Button>
          <Button type="submit" look="danger" icon="lock" busy={lock.isPending} disabled={!may}>
            {kind === 'everything'
              ? t('Lock everything')
              : t('Lock {name}', { name: name.trim() === '' ? '…' : name.trim() })}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
