// Holds the log: whether it is whole, who witnessed it, where it is sent.

import { useMutation, useQuery } from '@tanstack/react-query'
import { part, send } from '../../data/api.ts'
import { reading, status, useMay } from '../../data/queries.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, Facts, Loading, PageHead, Trouble } from '../../ui/card.tsx'
import { Json, Said, Words } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'
import { VerifyCard } from './verify.tsx'

interface Sinks {
  readonly sinks: readonly {
    readonly name: string
    readonly kind?: string
    readonly [more: string]: unknown
  }[]
}

function Sink({ sink }: { readonly sink: Sinks['sinks'][number] }) {
  const may = useMay('operator')
  const test = useMutation({
    mutationFn: () => send(`/v1/audit/sinks/${part(sink.name)}/test`, {}),
  })
  return (
    <li className="space-y-2 border-b border-line/60 py-2 last:border-0">
      <p className="flex items-center gap-2 text-sm">
        <b className="font-medium">
          <Said text={sink.name} />
        </b>{' '}
        {sink.kind !== undefined && <Badge>{sink.kind}</Badge>}
        <span className="grow" />
        <Button small disabled={!may} busy={test.isPending} onClick={() => test.mutate()}>
          {t('Test')}
        </Button>
      </p>
      <Json label={sink.name} value={test.data ?? sink} />
      {test.error !== null && <Trouble error={test.error} />}
    </li>
  )
}

export function LogPage() {
  const { data, error, refetch } = useQuery(status)
  const sinks = useQuery(reading<Sinks>('/v1/audit/sinks', {}, 15_000)).data
  if (error !== null && data === undefined)
    return <Trouble error={error} again={() => void refetch()} />
  if (data === undefined) return <Loading />
  const { log, record } = data
  return (
    <>
      <PageHead
        title={t('Log')}
        about={t('Every decision and every call, in a tree of hashes that a stranger can verify.')}
      />
      <div className="grid gap-4 xl:grid-cols-2">
        <Card title={t('The tree')}>
          <Facts
            facts={[
              [
                t('origin'),
                <code key="o" className="break-all">
                  <Said text={log.origin} />
                </code>,
              ],
              [t('records'), log.size.toLocaleString('en')],
              [
                t('root'),
                <code key="r" className="text-xs break-all">
                  {log.root}
                </code>,
              ],
              [t('published'), <Time key="p" at={log.published_at} exact />],
              [
                t('witnessed'),
                log.witnessed ? (
                  <span key="w">
                    <Badge tone="good">{t('by a quorum')}</Badge> <Time at={log.witnessed_at} />
                  </span>
                ) : (
                  t('by nobody')
                ),
              ],
              [
                t('another history'),
                log.forked === null ? (
                  t('nobody says so')
                ) : (
                  <Badge key="f" tone="bad">
                    {log.forked}
                  </Badge>
                ),
              ],
              [t('searchable'), log.indexed.toLocaleString('en')],
            ]}
          />
        </Card>
        <Card title={t('How records get there')}>
          <Facts
            facts={[
              [t('newest'), <Time key="n" at={record.newest_at} />],
              [t('waiting'), `${record.backlog_segments} ${t('segments')}`],
              [
                t('room'),
                record.free_bytes === null
                  ? undefined
                  : `${(record.free_bytes / 2 ** 30).toFixed(1)} GiB`,
              ],
              [t('refused'), record.refused.toLocaleString('en')],
              [
                t('problems'),
                record.problems.length === 0
                  ? t('none')
                  : record.problems.map((one) => (
                      <p key={one} className="text-bad">
                        <Said text={one} />
                      </p>
                    )),
              ],
              [t('last backup'), <Time key="b" at={data.backup_at} />],
            ]}
          />
        </Card>
        <Card title={t('Where it is sent')}>
          {sinks === undefined ? (
            <Loading />
          ) : sinks.sinks.length === 0 ? (
            <p className="text-sm text-ink-3">
              <Words
                text={t('Nowhere yet: `sinks.yaml` in the home names SIEMs, files and people.')}
              />
            </p>
          ) : (
            <ul>
              {sinks.sinks.map((one) => (
                <Sink key={one.name} sink={one} />
              ))}
            </ul>
          )}
        </Card>
        <VerifyCard />
        <Card title={t('This Bailiwick')}>
          <Facts
            facts={[
              [t('version'), data.version],
              [
                t('trust domain'),
                <code key="t">
                  <Said text={data.trust_domain} />
                </code>,
              ],
              [t('database'), data.database],
              [t('since'), <Time key="s" at={data.started_at} exact />],
              [t('root ends'), <Time key="a" at={data.authority_ends} />],
              [
                t('listeners'),
                Object.entries(data.listeners).map(
                  ([name, url]) =>
                    url !== null && (
                      <span key={name} className="block">
                        <span className="text-ink-3">{name}</span> <code>{url}</code>
                      </span>
                    ),
                ),
              ],
              [t('deployment'), <Words key="d" text={data.situation} />],
            ]}
          />
        </Card>
      </div>
    </>
  )
}
