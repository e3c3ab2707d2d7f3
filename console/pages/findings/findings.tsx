// Holds what detectors concluded, and closing it.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { part, send } from '../../data/api.ts'
import { findings, useMay } from '../../data/queries.ts'
import type { Finding } from '../../../src/sdk/types.ts'
import { Badge, WordBadge } from '../../ui/badge.tsx'
import { Card, Empty, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Decide } from '../../ui/decide.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

function One({ finding }: { readonly finding: Finding }) {
  const may = useMay('operator')
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
        <div className="mt-2 max-w-xl">
          <Decide
            may
            label={t('Why it is closed')}
            ways={[
              {
                words: t('Close'),
                run: (reason) => send(`/v1/findings/${part(finding.id)}/close`, { reason }),
              },
            ]}
          />
        </div>
      )}
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
