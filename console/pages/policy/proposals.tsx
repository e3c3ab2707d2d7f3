// Holds what is proposed and waits for a second administrator.

import { useQuery } from '@tanstack/react-query'
import { part, send } from '../../data/api.ts'
import { reading, useMay } from '../../data/queries.ts'
import type { ProposalEntry } from '../../../src/sdk/types.ts'
import { Card, Empty, Loading, Trouble } from '../../ui/card.tsx'
import { Decide } from '../../ui/decide.tsx'
import { Json, Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { Changes } from './changes.tsx'

function One({ proposal }: { readonly proposal: ProposalEntry }) {
  const may = useMay('administrator')
  const answer = (verb: 'approve' | 'reject') => (reason: string) =>
    send(`/v1/policies/proposals/${part(proposal.id)}/${verb}`, { reason })
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
        <Changes of={proposal} />
        {proposal.problems.length > 0 && <Json label={t('Problems')} value={proposal.problems} />}
        <Decide
          may={may}
          ways={[
            { words: t('Agree'), look: 'primary', run: answer('approve') },
            { words: t('Refuse'), run: answer('reject') },
          ]}
        />
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
