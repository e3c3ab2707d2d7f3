// Holds a decision of a person: why, in their words, and a button for each way to decide.

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Button, type ButtonProps } from './button.tsx'
import { Trouble } from './card.tsx'
import { Field } from './fields.tsx'
import { t } from './words.ts'

/** One way to decide. */
export interface Way extends Pick<ButtonProps, 'look' | 'icon'> {
  readonly words: string
  /** Takes the reason, without spaces around it. */
  readonly run: (reason: string) => Promise<unknown>
}

export function Decide(of: {
  readonly ways: readonly Way[]
  /** False shows the buttons out of use: the API would refuse. */
  readonly may: boolean
  /** Of the field. */
  readonly label?: string
  readonly hint?: string
  readonly autoFocus?: boolean
  readonly onDone?: () => void
  readonly onCancel?: () => void
  /** Stands between the reason and the buttons. */
  readonly children?: ReactNode
}) {
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const decided = useMutation({
    mutationFn: ({ run }: Way) => run(reason.trim()),
    onSuccess: () => of.onDone?.(),
    // Whatever came of it, what the page shows may be otherwise now.
    onSettled: () => client.invalidateQueries(),
  })
  const { error } = decided
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault()
        // Enter decides only where there is one way.
        const [only] = of.ways
        if (of.ways.length === 1 && only !== undefined) decided.mutate(only)
      }}
    >
      <Field
        label={of.label ?? t('Why')}
        {...(of.hint !== undefined && { hint: of.hint })}
        value={reason}
        required
        maxLength={500}
        autoFocus={of.autoFocus}
        onChange={(event) => setReason(event.target.value)}
      />
      {of.children}
      {error !== null && (
        <Trouble
          error={error instanceof DOMException ? new Error(t('no passkey was used')) : error}
        />
      )}
      <div className="flex flex-wrap gap-2">
        {of.ways.map((way) => (
          <Button
            key={way.words}
            look={way.look ?? 'plain'}
            {...(way.icon !== undefined && { icon: way.icon })}
            type={of.ways.length === 1 ? 'submit' : 'button'}
            disabled={!of.may || reason.trim() === ''}
            busy={decided.isPending}
            onClick={of.ways.length === 1 ? undefined : () => decided.mutate(way)}
          >
            {way.words}
          </Button>
        ))}
        {of.onCancel !== undefined && (
          <Button look="quiet" onClick={of.onCancel}>
            {t('Cancel')}
          </Button>
        )}
      </div>
    </form>
  )
}
