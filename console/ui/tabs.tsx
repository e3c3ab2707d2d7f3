// Holds tabs: parts of one page, each with an address of its own.

import type { ReactNode } from 'react'
import { t } from './words.ts'

export function Tabs(of: {
  readonly label: string
  readonly tabs: readonly (readonly [value: string, words: string])[]
  readonly at: string
  readonly onGo: (value: string) => void
  readonly children: ReactNode
}) {
  const [, words] = of.tabs.find(([value]) => value === of.at) ?? of.tabs[0]!
  return (
    <>
      <div role="tablist" aria-label={of.label} className="mb-4 flex gap-1 border-b border-line">
        {of.tabs.map(([value, name]) => (
          <button
            key={value}
            type="button"
            role="tab"
            aria-selected={of.at === value}
            onClick={() => of.onGo(value)}
            className="-mb-px border-b-2 border-transparent px-3 py-1.5 text-sm text-ink-2 hover:text-ink aria-selected:border-accent aria-selected:font-medium aria-selected:text-ink"
          >
            {t(name)}
          </button>
        ))}
      </div>
      <div role="tabpanel" aria-label={t(words)}>
        {of.children}
      </div>
    </>
  )
}
