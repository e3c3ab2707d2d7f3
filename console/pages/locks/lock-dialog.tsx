// Holds stopping something: what, why, once more "yes"; then what every gateway says, as it says it.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../data/api.ts'
import { reading, systems, useMay } from '../../data/queries.ts'
import type { Agent, LockAdded, LockKind } from '../../../src/sdk/types.ts'
import { Decide } from '../../ui/decide.tsx'
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
  const may = useMay('operator')
  const [kind, setKind] = useState<LockKind>(of.kind ?? 'agent')
  const [typed, setTyped] = useState(of.name ?? '')
  const [locked, setLocked] = useState<string>()
  const names = useNames(kind)
  const name = kind === 'everything' ? '' : typed.trim()
  if (locked !== undefined) {
    return (
      <Dialog wide title={t('Locked')} onClose={of.onClose}>
        <Receipts id={locked} />
      </Dialog>
    )
  }
  return (
    <Dialog title={t('Stop something now')} onClose={of.onClose}>
      <div className="space-y-3">
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
              value={typed}
              list="lock-names"
              required
              autoFocus={of.name === undefined}
              onChange={(event) => setTyped(event.target.value)}
            />
            <datalist id="lock-names">
              {names.slice(0, 1_000).map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          </>
        )}
        <Decide
          may={may && (kind === 'everything' || name !== '')}
          hint={t('It stands in the record.')}
          autoFocus={of.name !== undefined}
          onCancel={of.onClose}
          ways={[
            {
              words:
                kind === 'everything'
                  ? t('Lock everything')
                  : t('Lock {name}', { name: name === '' ? '…' : name }),
              look: 'danger',
              icon: 'lock',
              run: async (reason) => {
                const added = await send<LockAdded>('/v1/locks', { target: { kind, name }, reason })
                setLocked(added.id)
              },
            },
          ]}
        >
          {!may && <p className="text-sm text-wait">{t('Locking takes the role operator.')}</p>}
        </Decide>
      </div>
    </Dialog>
  )
}
