// Holds the one field that finds: pages, agents, systems, people, and whatever an id names.

import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { reading, people, systems } from '../data/queries.ts'
import type { Agent } from '../../src/sdk/types.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Icon, type IconName } from '../ui/icon.tsx'
import { useSettled } from '../ui/settled.ts'
import { Said } from '../ui/text.tsx'
import { t } from '../ui/words.ts'
import { PLACES } from './places.ts'

interface Hit {
  readonly icon: IconName
  readonly text: string
  readonly kind: string
  readonly to: string
}

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** What is shown at once, and the longest text that the registry looks for. */
const MOST = 9
const NAMED_MAX = 63
/** How long nobody types before it is looked for (ms). */
const PAUSE_MS = 80
const TRACE = /^[0-9a-f]{32}$/

function useHits(words: string): readonly Hit[] {
  const wanted = words.trim().toLowerCase()
  const named = ID.test(wanted) || TRACE.test(wanted) ? undefined : wanted.slice(0, NAMED_MAX)
  const listed = useQuery({
    ...reading<{ agents: Agent[] }>('/v1/agents', { limit: MOST, named }, false),
    enabled: named !== undefined,
  }).data
  const agents = listed?.agents ?? []
  const pinned = useQuery(systems).data?.systems ?? []
  const persons = useQuery(people).data?.people ?? []
  if (ID.test(wanted)) {
    return [
      {
        icon: 'calls',
        text: t('Call {id}', { id: wanted }),
        kind: t('call'),
        to: `/calls/${wanted}`,
      },
      {
        icon: 'tasks',
        text: t('Everything under {id}', { id: wanted }),
        kind: t('trace'),
        to: `/traces/${wanted}`,
      },
      {
        icon: 'lock',
        text: t('Lock {id}', { id: wanted }),
        kind: t('lock'),
        to: `/locks/${wanted}`,
      },
    ]
  }
  if (TRACE.test(wanted)) {
    return [
      {
        icon: 'tasks',
        text: t('Trace {id}', { id: wanted }),
        kind: t('trace'),
        to: `/traces/${wanted}`,
      },
    ]
  }
  const all: Hit[] = [
    ...PLACES.flat().map(({ icon, name, to }) => ({ icon, text: t(name), kind: t('page'), to })),
    ...agents.map(({ name }) => ({
      icon: 'agents' as const,
      text: name,
      kind: t('agent'),
      to: `/agents/${name}`,
    })),
    ...pinned.map(({ name }) => ({
      icon: 'systems' as const,
      text: name,
      kind: t('system'),
      to: `/systems/${name}`,
    })),
    ...persons.map(({ name }) => ({
      icon: 'people' as const,
      text: name,
      kind: t('person'),
      to: '/people',
    })),
  ]
  const hits = all.filter(({ text }) => text.toLowerCase().includes(wanted)).slice(0, MOST)
  if (wanted === '') return hits
  return [
    ...hits,
    {
      icon: 'search',
      text: t('Search the record for “{words}”', { words: words.trim() }),
      kind: t('record'),
      to: `/calls?q=${encodeURIComponent(words.trim())}`,
    },
  ]
}

export function Palette({ onClose }: { readonly onClose: () => void }) {
  const [words, setWords] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const go = useNavigate()
  const hits = useHits(useSettled(words, PAUSE_MS))
  const open = (hit: Hit | undefined): void => {
    if (hit === undefined) return
    onClose()
    void go({ to: hit.to })
  }
  return (
    <Dialog title={t('Find')} onClose={onClose}>
      <input
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={`${id}-${at}`}
        aria-label={t('What to find')}
        value={words}
        placeholder={t('A name, an id, or words')}
        className="h-9 w-full rounded-md border border-line-strong bg-paper px-3 text-sm"
        onChange={(event) => {
          setWords(event.target.value)
          setAt(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') open(hits[at])
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
          if (step === undefined) return
          event.preventDefault()
          setAt(Math.min(Math.max(at + step, 0), hits.length - 1))
        }}
      />
      <ul id={id} role="listbox" aria-label={t('Found')} className="mt-2 space-y-px">
        {hits.map((hit, place) => (
          <li
            key={`${hit.kind} ${hit.to}`}
            id={`${id}-${place}`}
            role="option"
            aria-selected={place === at}
            onClick={() => open(hit)}
            onKeyDown={(event) => event.key === 'Enter' && open(hit)}
            className="flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1.5 text-sm hover:bg-sunken aria-selected:bg-accent-soft"
          >
            <Icon name={hit.icon} />
            <span className="min-w-0 grow truncate">
              <Said text={hit.text} />
            </span>
            <span className="text-xs text-ink-3">{hit.kind}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
