// Holds the first steps, those of the README: from nothing to the first governed call, ticked off as the server sees it.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { reading, status, systems, useMay } from '../../data/queries.ts'
import type { AuditFound } from '../../../src/sdk/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Card, Loading, PageHead } from '../../ui/card.tsx'
import { t } from '../../ui/words.ts'

/** What every home has from its beginning. */
const OWN_SYSTEM = 'web'

export function Guide() {
  const { data } = useQuery(status)
  const pinned = useQuery(systems).data?.systems
  const may = useMay('auditor')
  const called = useQuery({
    ...reading<AuditFound>('/v1/audit/search', { q: 'type:call.*', limit: 1 }),
    enabled: may,
  }).data
  if (data === undefined) return <Loading />
  const steps: readonly (readonly [boolean, string, string, string])[] = [
    [
      pinned?.some(({ name }) => name !== OWN_SYSTEM) ?? false,
      t('Register a system'),
      'bin/bailiwick system add notes -- node examples/notes-server.mjs',
      '/systems',
    ],
    [
      (data.policies?.count ?? 0) > 0,
      t('Say what may be done'),
      'bin/bailiwick policy apply --add examples/notes.cedar',
      '/policy',
    ],
    [
      data.agents > 0,
      t('Register an agent'),
      'bin/bailiwick agent add my-agent --purpose "keeps my notes" --role scribe',
      '/agents',
    ],
    [
      (called?.records.length ?? 0) > 0,
      t('Make a call, as an agent makes it'),
      `bin/bailiwick call notes add_note --as my-agent --json '{"name":"note-1","body":"hello"}'`,
      '/calls',
    ],
  ]
  return (
    <>
      <PageHead
        title={t('First steps')}
        about={t(
          'From nothing to a first governed call. What is done is ticked off by what the server sees.',
        )}
      />
      <ol className="max-w-3xl space-y-3">
        {steps.map(([done, words, command, to], at) => (
          <li key={command}>
            <Card
              title={
                <>
                  {at + 1}. {words}
                </>
              }
              aside={done ? <Badge tone="good">{t('done')}</Badge> : <Badge>{t('to do')}</Badge>}
            >
              <pre tabIndex={0} aria-label={words} className="overflow-x-auto text-xs">
                {command}
              </pre>
              <Link to={to} className="mt-2 inline-block text-sm text-accent hover:underline">
                {t('Look')}
              </Link>
            </Card>
          </li>
        ))}
      </ol>
    </>
  )
}
