// Holds the gateways: which are there, how fresh what they know is, and until when they go on.

import { useQuery } from '@tanstack/react-query'
import { gateways } from '../../data/queries.ts'
import type { Gateway } from '../../../src/sdk/types.ts'
import { WordBadge } from '../../ui/badge.tsx'
import { Card, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Table, type Column } from '../../ui/table.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

const COLUMNS: readonly Column<Gateway>[] = [
  {
    head: 'Gateway',
    width: 'minmax(0,1fr)',
    cell: ({ name }) => (
      <b className="font-medium">
        <Said text={name} />
      </b>
    ),
  },
  {
    head: 'State',
    width: '7rem',
    cell: ({ link, state }) => <WordBadge word={link?.state ?? state} />,
  },
  {
    head: 'Systems',
    width: 'minmax(0,1.4fr)',
    wide: true,
    cell: ({ systems }) => <Said text={systems === null ? t('every one') : systems.join(', ')} />,
  },
  {
    head: 'View',
    width: '6rem',
    cell: ({ link }) => (
      <span className="tabular-nums">
        {link?.view_age_ms === undefined ? '' : `${Math.round(link.view_age_ms)} ms`}
      </span>
    ),
  },
  {
    head: 'Calls',
    width: '4rem',
    cell: ({ link }) => <span className="tabular-nums">{link?.calls}</span>,
  },
  {
    head: 'Since',
    width: '6rem',
    wide: true,
    cell: ({ link }) => link !== undefined && <Time at={link.since} />,
  },
  {
    head: 'Certificate',
    width: '7rem',
    wide: true,
    cell: (one) =>
      one.certificate_ends !== undefined && (
        <>
          {t('ends')} <Time at={one.certificate_ends} />
        </>
      ),
  },
]

export function Gateways() {
  const { data, error, refetch } = useQuery(gateways)
  return (
    <>
      <PageHead
        title={t('Gateways')}
        about={
          data === undefined || data.address === null
            ? t(
                'Every call goes through one. This Bailiwick has the one in its own process; `serve --link-port` lets others connect.',
              )
            : t('Every call goes through one. They connect at {address}.', {
                address: data.address,
              })
        }
      />
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      <Card flush>
        {data === undefined ? (
          error === null && <Loading />
        ) : (
          <Table
            label={t('Gateways')}
            columns={COLUMNS}
            rows={data.gateways}
            id={({ name }) => name}
          />
        )}
      </Card>
    </>
  )
}
