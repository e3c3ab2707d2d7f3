// Holds what is proposed and waits for a second administrator.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { part, send } from '../../data/api.ts'
import { reading, useMay } from '../../data/queries.ts'
import type { ProposalEntry } from '../../../src/sdk/types.ts'
import { Button } from '../../ui/button.tsx'
import { Card, Empty, Loading, Trouble } from '../../ui/card.tsx'
import { Field } from '../../ui/fields.tsx'
import { Json, Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

function One({ proposal }: { readonly proposal: ProposalEntry }) {
  const client = useQueryClient()
  const may = useMay('administrator')
  const [reason, setReason] = useState('')
  const answer = useMutation({
    mutationFn: (verb: 'approve' | 'reject') =>
      send(`/v1/policies/proposals/${part(proposal.id)}/${verb}`, { reason: reason.trim() }),
    onSettled: () => client.invalidateQueries(),
  })
  return (
    <Card
      title={<Said text={proposal.reason} />}
      aside={
        <span className="text-xs text-ink-3">
          {t('ends')} <Time at={proposal.expires_at} />
        </span>
      }
    >
      <div className="space-y-3 text-sm">
        <p>
          <b className="font-medium">
            <Said text={proposal.proposed_by} />
          </b>{' '}
          <Time at={proposal.proposed_at} exact />
        </p>
        <ul className="font-mono text-xs">
          {proposal.added.map((id) => (
            <li key={id} className="text-good">
              + {id}
            </li>
          ))}
          {proposal.changed.map((id) => (
            <li key={id}>± {id}</li>
          ))}
          {proposal.removed.map((id) => (
            <li key={id} className="text-bad">
              − {id}
            </li>
          ))}
        </ul>
        {proposal.problems.length > 0 && <Json label={t('Problems')} value={proposal.problems} />}
        <Field
          label={t('Why')}
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
        />
        {answer.error !== null && <Trouble error={answer.error} />}
        <div className="flex gap-2">
          <Button
            look="primary"
            disabled={!may || reason.trim() === ''}
            busy={answer.isPending}
            onClick={() => answer.mutate('approve')}
          >
            {t('Agree')}
          </Button>
          <Button
            disabled={!may || reason.trim() === ''}
            busy={answer.isPending}
            onClick={() => answer.mutate('reject')}
          >
            {t('Refuse')}
          </Button>
        </div>
      </div>
    </Card>
  )
}

export function Proposals() {
  const { data, error } = useQuery(
    reading<{ proposals: ProposalEntry[] }>('/v1/policies/proposals'),
  )
  if (error !== null) return <Trouble error={error} />
  if (data === undefined) return <Loading />
  if (data.proposals.length === 0)
    return (
      <Card>
        <Empty title={t('Nothing is proposed')} />
      </Card>
    )
  return (
    <div className="space-y-4">
      {data.proposals.map((one) => (
        <One key={one.id} proposal={one} />
      ))}
    </div>
  )
}
