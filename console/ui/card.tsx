// Holds the surfaces that a page consists of: its head, its cards, and what a card shows that has nothing, waits, or failed.

import type { ReactNode } from 'react'
import type { Refusal } from '../data/api.ts'
import { Button } from './button.tsx'
import { Said, Words } from './text.tsx'
import { t } from './words.ts'

export function PageHead(of: {
  readonly title: ReactNode
  readonly about?: ReactNode
  readonly actions?: ReactNode
}) {
  return (
    <div className="mb-4 flex flex-wrap items-start gap-x-4 gap-y-2">
      <div className="min-w-0 grow">
        <h1 className="flex flex-wrap items-center gap-2 text-xl font-semibold tracking-tight">
          {of.title}
        </h1>
        {of.about !== undefined && (
          <p className="mt-0.5 max-w-3xl text-sm text-ink-2">
            {typeof of.about === 'string' ? <Words text={of.about} /> : of.about}
          </p>
        )}
      </div>
      {of.actions !== undefined && <div className="flex flex-wrap gap-2">{of.actions}</div>}
    </div>
  )
}

export function Card(of: {
  readonly title?: ReactNode
  readonly aside?: ReactNode
  readonly children: ReactNode
  readonly flush?: boolean
  readonly className?: string
}) {
  return (
    <section className={`min-w-0 rounded-lg border border-line bg-paper ${of.className ?? ''}`}>
      {of.title !== undefined && (
        <header className="flex min-h-10 items-center gap-2 border-b border-line px-3.5 py-1.5">
          <h2 className="grow text-sm font-semibold">{of.title}</h2>
          {of.aside}
        </header>
      )}
      <div className={of.flush === true ? '' : 'p-3.5'}>{of.children}</div>
    </section>
  )
}

/** Nothing is there, and what one would do about it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string
  readonly children?: ReactNode
}) {
  return (
    <div className="px-4 py-8 text-center">
      <p className="text-sm font-medium">{title}</p>
      {children !== undefined && (
        <div className="mx-auto mt-1 max-w-md text-sm text-ink-2">
          {typeof children === 'string' ? <Words text={children} /> : children}
        </div>
      )}
    </div>
  )
}

export function Loading() {
  return (
    <div role="status" className="space-y-2 p-4">
      <span className="sr-only">{t('Loading')}</span>
      {[70, 90, 55].map((width) => (
        <div
          key={width}
          className="h-3 animate-pulse rounded bg-sunken"
          style={{ width: `${width}%` }}
        />
      ))}
    </div>
  )
}

/** What went wrong, in the words of the API: what, the code, and what to do next. */
export function Trouble({ error, again }: { readonly error: Error; readonly again?: () => void }) {
  const {
    code,
    next,
    particulars = [],
  } = error as Error & Partial<Pick<Refusal, 'code' | 'next' | 'particulars'>>
  return (
    <div role="alert" className="rounded-md border border-bad/40 bg-bad-soft px-3 py-2 text-sm">
      <p className="font-medium text-bad">
        <Words text={sentence(error.message)} />
      </p>
      <p className="mt-0.5 text-ink-2">
        {next !== undefined && next !== '' && (
          <>
            <Words text={sentence(next)} />{' '}
          </>
        )}
        {code !== undefined && <code className="text-ink-3">{code}</code>}
      </p>
      {particulars.length > 0 && (
        <ul className="mt-1 space-y-0.5 font-mono text-xs">
          {particulars.map((one) => (
            <li key={one}>
              <Said text={one} />
            </li>
          ))}
        </ul>
      )}
      {again !== undefined && (
        <Button small look="plain" className="mt-2" onClick={again}>
          {t('Try again')}
        </Button>
      )}
    </div>
  )
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}

/** Names with their values, one a line. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_1fr] gap-x-4 gap-y-1.5 text-sm">
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-3">{name}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ))}
    </dl>
  )
}
