// Holds badges: a word whose colour means something, and says the same without it.

import type { ReactNode } from 'react'

export type Tone = 'good' | 'bad' | 'wait' | 'note' | 'plain'

const TONES: Readonly<Record<Tone, string>> = {
  good: 'bg-good-soft text-good',
  bad: 'bg-bad-soft text-bad',
  wait: 'bg-wait-soft text-wait',
  note: 'bg-note-soft text-note',
  plain: 'bg-sunken text-ink-2',
}

export function Badge({
  tone = 'plain',
  children,
}: {
  readonly tone?: Tone
  readonly children: ReactNode
}) {
  return (
    <span
      className={`inline-flex items-center rounded px-1.5 py-px text-2xs leading-4 font-medium whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  )
}

const OF_WORD: Readonly<Record<string, Tone>> = {
  allow: 'good',
  allowed: 'good',
  ok: 'good',
  active: 'good',
  connected: 'good',
  in_process: 'good',
  confirmed: 'good',
  in_view: 'good',
  approved: 'good',
  verified: 'good',
  deny: 'bad',
  denied: 'bad',
  failed: 'bad',
  error: 'bad',
  suspended: 'bad',
  locked: 'bad',
  critical: 'bad',
  away: 'bad',
  revoked: 'bad',
  unresolved: 'bad',
  high: 'wait',
  hold: 'wait',
  held: 'wait',
  pending: 'wait',
  waiting: 'wait',
  invited: 'wait',
  discovered: 'wait',
  cut: 'wait',
  observe: 'note',
}

/** A word of the API as a badge. */
export function WordBadge({ word }: { readonly word: string | null | undefined }) {
  if (word === null || word === undefined || word === '') return null
  return <Badge tone={OF_WORD[word] ?? 'plain'}>{word.replaceAll('_', ' ')}</Badge>
}

/** A dot that says how something is, beside words that say the same. */
export function Dot({ tone }: { readonly tone: Tone }) {
  const colour = {
    good: 'bg-[var(--chart-allow)]',
    bad: 'bg-[var(--chart-deny)]',
    wait: 'bg-[var(--chart-hold)]',
    note: 'bg-[var(--chart-fail)]',
    plain: 'bg-line-strong',
  }[tone]
  return (
    <span aria-hidden="true" className={`inline-block size-2 shrink-0 rounded-full ${colour}`} />
  )
}
