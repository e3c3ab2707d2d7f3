// Holds what waits for somebody; quiet where nothing does.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { approvals, findings, gateways, locks, status, systems } from '../../data/queries.ts'
import { Dot, type Tone } from '../../ui/badge.tsx'
import { Said } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { plural, t } from '../../ui/words.ts'

interface Item {
  readonly tone: Tone
  readonly text: string
  readonly to: string
}

function useItems(): readonly Item[] {
  const current = useQuery(status).data
  const waiting =
    useQuery(approvals).data?.approvals.filter(({ state }) => state === 'pending') ?? []
  const open = useQuery(findings).data?.findings ?? []
  const locked = useQuery(locks).data?.locks ?? []
  const away = useQuery(gateways).data?.gateways.filter(({ link }) => link?.state === 'away') ?? []
  const changed =
    useQuery(systems).data?.systems.filter(({ quarantine }) => quarantine !== null) ?? []
  const items: (Item | false)[] = [
    waiting.length > 0 && {
      tone: 'wait',
      text: plural(waiting.length, 'call waits for an approval', 'calls wait for an approval'),
      to: '/approvals',
    },
    open.length > 0 && {
      tone: open.some(({ severity }) => severity === 'critical' || severity === 'high')
        ? 'bad'
        : 'wait',
      text: plural(open.length, 'open finding', 'open findings'),
      to: '/findings',
    },
    locked.length > 0 && {
      tone: 'bad',
      text: plural(locked.length, 'lock in force', 'locks in force'),
      to: '/locks',
    },
    changed.length > 0 && {
      tone: 'wait',
      text: plural(
        changed.length,
        'system shows something else than was pinned',
        'systems show something else than was pinned',
      ),
      to: '/systems',
    },
    away.length > 0 && {
      tone: 'bad',
      text: plural(away.length, 'gateway is away', 'gateways are away'),
      to: '/gateways',
    },
  ]
  const said = [
    ...(current?.record.problems ?? []).map((text) => ({ tone: 'bad' as const, text, to: '/log' })),
    ...(current?.warnings ?? []).map((text) => ({ tone: 'wait' as const, text, to: '/log' })),
  ]
  return [...items.filter((item) => item !== false), ...said]
}

export function Attention() {
  const items = useItems()
  const current = useQuery(status).data
  if (current === undefined) return null
  const verified = current.log.witnessed_at ?? current.log.published_at
  return (
    <section
      aria-label={t('What needs somebody')}
      className="mb-4 rounded-lg border border-line bg-paper"
    >
      <p className="flex flex-wrap items-center gap-2.5 px-3.5 py-2.5 text-sm">
        <Dot
          tone={
            items.length === 0 ? 'good' : (items.find(({ tone }) => tone === 'bad')?.tone ?? 'wait')
          }
        />
        <b className="font-semibold">
          {items.length === 0
            ? t('All is well')
            : plural(items.length, 'thing needs somebody', 'things need somebody')}
        </b>
        <span className="text-ink-3">
          · {current.log.witnessed ? t('log witnessed') : t('log published')} <Time at={verified} />
        </span>
      </p>
      {items.length > 0 && (
        <ul className="border-t border-line">
          {items.map(({ tone, text, to }) => (
            <li key={text} className="border-b border-line/60 last:border-0">
              <Link
                to={to}
                className="flex items-center gap-2.5 px-3.5 py-2 text-sm hover:bg-sunken"
              >
                <Dot tone={tone} />
                <span className="min-w-0 grow">
                  <Said text={text} />
                </span>
                <span aria-hidden="true" className="text-ink-3">
                  →
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
