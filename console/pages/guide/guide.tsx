// Holds the first steps: from nothing to the first governed call, with what is done ticked off as the server sees it.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { status } from '../../data/queries.ts'
import { Badge } from '../../ui/badge.tsx'
import { Card, Loading, PageHead } from '../../ui/card.tsx'
import { t } from '../../ui/words.ts'

export function Guide() {
  const { data } = useQuery(status)
  if (data === undefined) return <Loading />
  // `web` is there from the beginning.
  const steps: readonly (readonly [boolean, string, string, string])[] = [
    [
      data.systems > 1,
      t('Register a system'),
      'bailiwick system add files -- npx -y @modelcontextprotocol/server-filesystem ~/notes',
      '/systems',
    ],
    [
      data.policies !== null && data.policies.count > 0,
      t('Say what may be done'),
      'bailiwick apply -f policies/ --reason "the first policies"',
      '/policy',
    ],
    [
      data.agents > 0,
      t('Register an agent'),
      'bailiwick agent add mail-sorter --purpose "sorts mail" --role reader',
      '/agents',
    ],
    [
      data.instances_live > 0,
      t('Start it'),
      'bailiwick run --agent mail-sorter -- claude',
      '/agents',
    ],
    [data.log.size > 20, t('See what it does'), 'bailiwick audit tail -f', '/calls'],
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
