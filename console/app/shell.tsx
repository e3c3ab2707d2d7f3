// Holds the frame of every page: where one can go, how things stand, and the lock, always one click away.

import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation, type ErrorComponentProps } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { Refusal } from '../data/api.ts'
import { approvals, findings, locks, status, whoAmI } from '../data/queries.ts'
import { LockDialog } from '../pages/locks/lock-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { Dot } from '../ui/badge.tsx'
import { Empty, Trouble } from '../ui/card.tsx'
import { Icon } from '../ui/icon.tsx'
import { Said } from '../ui/text.tsx'
import { duration, useNow } from '../ui/time.tsx'
import { t } from '../ui/words.ts'
import { Palette } from './palette.tsx'
import { PLACES } from './places.ts'
import { theme, toggleTheme } from './theme.ts'

function Count({ of, tone }: { readonly of: number; readonly tone: 'bad' | 'wait' }) {
  if (of === 0) return null
  const look = tone === 'bad' ? 'bg-bad-soft text-bad' : 'bg-wait-soft text-wait'
  return (
    <span
      className={`ml-auto rounded-full px-1.5 text-2xs leading-4 font-semibold tabular-nums ${look}`}
    >
      {of}
    </span>
  )
}

function Nav({ onGo }: { readonly onGo: () => void }) {
  const waiting =
    useQuery(approvals).data?.approvals.filter(({ state }) => state === 'pending').length ?? 0
  const open = useQuery(findings).data?.findings.length ?? 0
  const locked = useQuery(locks).data?.locks.length ?? 0
  const counts: Readonly<Record<string, React.ReactNode>> = {
    '/approvals': <Count of={waiting} tone="wait" />,
    '/findings': <Count of={open} tone="bad" />,
    '/locks': <Count of={locked} tone="bad" />,
  }
  return (
    <nav aria-label={t('Pages')} className="space-y-4 px-2 py-3">
      {PLACES.map((group) => (
        <ul key={group[0]!.to} className="space-y-px">
          {group.map(({ to, icon, name }) => (
            <li key={to}>
              <Link
                to={to}
                onClick={onGo}
                activeOptions={{ exact: to === '/' }}
                className="flex h-8 items-center gap-2.5 rounded-md px-2 text-sm text-ink-2 hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent"
              >
                <Icon name={icon} />
                {t(name)}
                {counts[to]}
              </Link>
            </li>
          ))}
        </ul>
      ))}
    </nav>
  )
}

/** How fresh what the page shows is. */
function Connection() {
  const { error, dataUpdatedAt } = useQuery(status)
  const now = useNow()
  const away = error instanceof Refusal && error.status === 0
  const stale = dataUpdatedAt > 0 && now - dataUpdatedAt > 20_000
  if (!away && !stale) return null
  return (
    <span
      role="status"
      className="flex items-center gap-1.5 rounded-md bg-wait-soft px-2 py-1 text-xs font-medium text-wait"
    >
      <Dot tone="wait" />
      {away ? t('Bailiwick does not answer') : t('Not fresh')}
      {dataUpdatedAt > 0 && ` · ${t('as of {time} ago', { time: duration(now - dataUpdatedAt) })}`}
    </span>
  )
}

function Who() {
  const me = useQuery(whoAmI).data
  const [dark, setDark] = useState(theme() === 'dark')
  if (me === undefined) return null
  return (
    <div className="flex items-center gap-1 border-t border-line p-2">
      <a href="/account" className="min-w-0 grow rounded-md px-2 py-1 hover:bg-sunken">
        <span className="block truncate text-sm font-medium">
          <Said text={me.person.name} />
        </span>
        <span className="block truncate text-xs text-ink-3">{me.person.roles.join(', ')}</span>
      </a>
      <Button
        small
        look="quiet"
        icon="sun"
        aria-label={dark ? t('Light theme') : t('Dark theme')}
        onClick={() => setDark(toggleTheme() === 'dark')}
      />
    </div>
  )
}

export function Shell() {
  const [menu, setMenu] = useState(false)
  const [lock, setLock] = useState(false)
  const [find, setFind] = useState(false)
  const main = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  useEffect(() => {
    const place =
      PLACES.flat().find(({ to }) => to !== '/' && pathname.startsWith(to)) ?? PLACES[0]![0]!
    document.title = `${t(place.name)} · Bailiwick`
    main.current?.focus({ preventScroll: true })
  }, [pathname])
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      // The editor is in a shadow tree, from outside of which its host would be the target.
      const [target] = event.composedPath()
      const typing =
        target instanceof Element &&
        target.closest('input,textarea,select,[contenteditable]') !== null
      if ((event.metaKey || event.ctrlKey) && event.key === 'k') {
        event.preventDefault()
        setFind(true)
      } else if (event.key === '/' && !typing) {
        event.preventDefault()
        setFind(true)
      }
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])
  return (
    <div className="flex min-h-dvh">
      <a
        href="#page"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-accent focus:px-3 focus:py-1.5 focus:text-accent-ink"
      >
        {t('Skip to the page')}
      </a>
      <aside
        className={`fixed inset-y-0 left-0 z-30 flex w-52 shrink-0 flex-col border-r border-line bg-paper md:sticky md:top-0 md:h-dvh ${menu ? '' : 'max-md:hidden'}`}
      >
        <div className="flex h-12 shrink-0 items-center gap-2 border-b border-line px-4">
          <img src={`${import.meta.env.BASE_URL}mark.svg`} alt="" className="size-5" />
          <span className="font-semibold tracking-tight">Bailiwick</span>
        </div>
        <div className="grow overflow-y-auto">
          <Nav onGo={() => setMenu(false)} />
        </div>
        <Who />
      </aside>
      {menu && (
        <button
          type="button"
          aria-label={t('Close the menu')}
          className="fixed inset-0 z-20 bg-black/40 md:hidden"
          onClick={() => setMenu(false)}
        />
      )}
      <div className="flex min-w-0 grow flex-col">
        <header className="sticky top-0 z-10 flex h-12 shrink-0 items-center gap-2 border-b border-line bg-paper/90 px-3 backdrop-blur md:px-5">
          <Button
            small
            look="quiet"
            icon="menu"
            className="md:hidden"
            aria-label={t('Menu')}
            onClick={() => setMenu(true)}
          />
          <button
            type="button"
            onClick={() => setFind(true)}
            className="flex h-8 max-w-sm grow items-center gap-2 rounded-md border border-line bg-ground px-2.5 text-sm text-ink-3 hover:border-line-strong"
          >
            <Icon name="search" size={14} />
            <span className="grow truncate text-left">{t('Find an agent, a call, a page')}</span>
            <kbd className="hidden rounded border border-line px-1 text-2xs sm:inline">/</kbd>
          </button>
          <span className="grow" />
          <Connection />
          <Button look="danger" icon="lock" onClick={() => setLock(true)}>
            {t('Lock')}
          </Button>
        </header>
        <main id="page" ref={main} tabIndex={-1} className="min-w-0 grow p-3 outline-none md:p-5">
          <Outlet />
        </main>
      </div>
      {lock && <LockDialog onClose={() => setLock(false)} />}
      {find && <Palette onClose={() => setFind(false)} />}
    </div>
  )
}

export function NotThere() {
  return (
    <Empty title={t('There is no such page')}>
      <Link to="/" className="text-accent underline">
        {t('To what happens now')}
      </Link>
    </Empty>
  )
}

export function WentWrong({ error, reset }: ErrorComponentProps) {
  return <Trouble error={error instanceof Error ? error : new Error(String(error))} again={reset} />
}
