// Holds the explorer of calls: the query language of the record, with searches that are kept.

import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Card, PageHead } from '../../ui/card.tsx'
import { Field } from '../../ui/fields.tsx'
import { Said } from '../../ui/text.tsx'
import { t } from '../../ui/words.ts'
import { CallList } from './call-list.tsx'

const KEY = 'bailiwick-searches'
const READY = [
  ['Denied today', 'type:call.* decision:deny since:1d'],
  ['Held this week', 'decision:hold since:7d'],
  ['Failed', 'type:call.outcome status:failed'],
  ['Locks and approvals', 'type:approval.* since:7d'],
] as const

/** Searches that somebody kept in this browser. */
function kept(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(stored) ? stored.filter((one) => typeof one === 'string') : []
  } catch {
    return []
  }
}

export function Calls() {
  const { q = '' } = useSearch({ from: '/calls' })
  const go = useNavigate({ from: '/calls' })
  const [text, setText] = useState(q)
  const [asked, setAsked] = useState(q)
  const [mine, setMine] = useState(kept)
  // The address is the truth: back and forward change the field as well.
  if (asked !== q) {
    setAsked(q)
    setText(q)
  }
  const keep = (list: string[]): void => {
    localStorage.setItem(KEY, JSON.stringify(list))
    setMine(list)
  }
  const ask = (query: string): void => void go({ search: { q: query } })
  return (
    <>
      <PageHead
        title={t('Calls')}
        about={t('Everything that agents did or tried, out of the log that nobody can change.')}
      />
      <form
        className="mb-3 flex flex-wrap gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          ask(text.trim())
        }}
      >
        <div className="min-w-64 grow">
          <Field
            bare
            label={t('Search')}
            value={text}
            placeholder="agent:mail-sorter decision:deny since:2h refund"
            className="font-mono"
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <Button type="submit" look="primary" icon="search">
          {t('Search')}
        </Button>
        <Button disabled={q === '' || mine.includes(q)} onClick={() => keep([...mine, q])}>
          {t('Keep')}
        </Button>
      </form>
      <ul aria-label={t('Searches')} className="mb-3 flex flex-wrap gap-1.5 text-xs">
        {READY.map(([words, query]) => (
          <li key={query}>
            <button
              type="button"
              onClick={() => ask(query)}
              className="rounded-full border border-line bg-paper px-2.5 py-1 hover:bg-sunken"
            >
              {t(words)}
            </button>
          </li>
        ))}
        {mine.map((query) => (
          <li key={query} className="flex rounded-full border border-line bg-paper">
            <button
              type="button"
              onClick={() => ask(query)}
              className="max-w-64 truncate rounded-l-full py-1 pl-2.5 font-mono hover:bg-sunken"
            >
              <Said text={query} />
            </button>
            <button
              type="button"
              aria-label={t('Forget {query}', { query })}
              onClick={() => keep(mine.filter((one) => one !== query))}
              className="rounded-r-full px-2 hover:bg-sunken"
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <Card flush>
        <CallList query={q === '' ? 'type:call.*' : q} />
      </Card>
    </>
  )
}
