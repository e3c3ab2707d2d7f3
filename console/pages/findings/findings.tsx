// Holds what detectors concluded, and closing it.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { part, send } from '../../data/api.ts'
import { findings, useMay } from '../../data/queries.ts'
import type { Finding } from '../../../src/sdk/types.ts'
import { Badge, WordBadge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, Empty, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Field } from '../../ui/fields.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

function One({ finding }: { readonly finding: Finding }) {
  const client = useQueryClient()
  const may = useMay('operator')
  const [reason, setReason] = useState('')
  const close = useMutation({
    mutationFn: () => send(`/v1/findings/${part(finding.id)}/close`, { reason: reason.trim() }),
    onSuccess: () => client.invalidateQueries(),
  })
  return (
    <li className="border-b border-line/60 px-3.5 py-3 last:border-0">
      <p className="flex flex-wrap items-center gap-2 text-sm">
        <WordBadge word={finding.severity} /> <Badge>{finding.rule}</Badge>{' '}
        {finding.agent !== null && (
          <Link
            to="/agents/$name"
            params={{ name: finding.agent }}
            className="font-medium hover:underline"
          >
            <Said text={finding.agent} />
          </Link>
        )}{' '}
        <span className="ml-auto text-xs text-ink-3">
          <Time at={finding.at} />
        </span>
      </p>
      <p className="mt-1 text-sm">
        <Said text={finding.summary} />
      </p>
      <p className="mt-1 text-xs text-ink-2">
        {Object.entries(finding.facts).map(([name, value]) => (
          <span key={name} className="mr-3">
            <Said text={`${name} ${value}`} />
          </span>
        ))}
        {finding.lock !== null && (
          <Link to="/locks/$id" params={{ id: finding.lock }} className="text-accent underline">
            {t('the lock that answered it')}
          </Link>
        )}
      </p>
      {may && (
        <form
          className="mt-2 flex max-w-xl items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            close.mutate()
          }}
        >
          <div className="grow">
            <Field
              bare
              label={t('Why it is closed')}
              placeholder={t('Why it is closed')}
              required
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </div>
          <Button type="submit" busy={close.isPending}>
            {t('Close')}
          </Button>
        </form>
      )}
      {close.error !== null && <Trouble error={close.error} />}
    </li>
  )
}

export function Findings() {
  const { data, error, refetch } = useQuery(findings)
  return (
    <>
      <PageHead
        title={t('Findings')}
        about={t('What deviates, and what was done about it at once.')}
      />
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      <Card flush>
        {data === undefined ? (
          error === null && <Loading />
        ) : data.findings.length === 0 ? (
          <Empty title={t('Nothing is open')} />
        ) : (
          <ul>
            {data.findings.map((one) => (
              <One key={one.id} finding={one} />
            ))}
          </ul>
        )}
      </Card>
    </>
  )
}
