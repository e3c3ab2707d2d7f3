// Holds what came of a lock: at each gateway, when, what was cut, and what stays valid outside of us until when.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lock as lockQuery } from '../../data/queries.ts'
import { WordBadge } from '../../ui/badge.tsx'
import { Facts, Loading, Trouble } from '../../ui/card.tsx'
import { Id, Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

export function Receipts({ id }: { readonly id: string }) {
  const { data, error } = useQuery(lockQuery(id))
  if (error !== null) return <Trouble error={error} />
  if (data === undefined) return <Loading />
  const outside = data.receipts.flatMap((one) => one.outside)
  return (
    <div className="space-y-4 text-sm">
      <Facts
        facts={[
          [t('locked'), <Said key="t" text={`${data.target.kind} ${data.target.name}`} />],
          [t('why'), <Said key="r" text={data.reason} />],
          [
            t('by'),
            data.added_by === null ? t('Bailiwick itself') : <Said key="b" text={data.added_by} />,
          ],
          [t('since'), <Time key="s" at={data.added_at} exact />],
          [
            t('lifted'),
            data.removed_at === null ? t('no') : <Time key="l" at={data.removed_at} exact />,
          ],
          [t('id'), <Id key="i" id={data.id} />],
        ]}
      />
      <table className="w-full text-left text-sm">
        <caption className="sr-only">{t('What each gateway did')}</caption>
        <thead className="text-xs text-ink-3">
          <tr>
            {[
              t('Gateway'),
              t('State'),
              t('After'),
              t('Calls cut'),
              t('Programs ended'),
              t('Approvals void'),
            ].map((head) => (
              <th key={head} scope="col" className="border-b border-line py-1.5 pr-3 font-medium">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="tabular-nums">
          {data.receipts.map((one) => (
            <tr key={one.leaf}>
              <th scope="row" className="py-1.5 pr-3 font-normal">
                <Said text={one.gateway} />
              </th>
              <td className="pr-3">
                <WordBadge word="confirmed" />
              </td>
              <td className="pr-3">
                {Math.max(0, Date.parse(one.in_force_at) - Date.parse(data.added_at))} ms
              </td>
              <td className="pr-3">{one.calls}</td>
              <td className="pr-3">{one.processes}</td>
              <td>{one.approvals}</td>
            </tr>
          ))}
          {data.gateways.map((one) => (
            <tr key={one.gateway}>
              <th scope="row" className="py-1.5 pr-3 font-normal">
                <Said text={one.gateway} />
              </th>
              <td className="pr-3">
                <WordBadge word={one.state} />
              </td>
              <td className="pr-3">
                {one.after_ms === null ? (
                  one.denies_from === null ? (
                    ''
                  ) : (
                    <>
                      {t('denies from')} <Time at={one.denies_from} />
                    </>
                  )
                ) : (
                  `${Math.round(one.after_ms)} ms`
                )}
              </td>
              <td className="pr-3">{one.calls}</td>
              <td className="pr-3">{one.processes}</td>
              <td />
            </tr>
          ))}
        </tbody>
      </table>
      {outside.length > 0 && (
        <p className="text-ink-2">
          {t('What others verify by themselves stays valid there:')}{' '}
          {outside.map(({ what, until }) => (
            <span key={`${what} ${until}`} className="mr-3 whitespace-nowrap">
              {what} {t('until')} <Time at={until} />
            </span>
          ))}
        </p>
      )}
      {data.removed_at === null && (
        <p>
          <Link to="/locks/$id" params={{ id: data.id }} className="text-accent underline">
            {t('The lock, and how it is lifted')}
          </Link>
        </p>
      )}
    </div>
  )
}
