// Holds the policies in force: their text, their versions, what is proposed.

import { useNavigate, useSearch } from '@tanstack/react-router'
import { PageHead } from '../../ui/card.tsx'
import { t } from '../../ui/words.ts'
import { InForce } from './in-force.tsx'
import { Proposals } from './proposals.tsx'
import { Versions } from './versions.tsx'

const TABS = [
  ['', 'In force'],
  ['proposals', 'Proposals'],
  ['versions', 'Versions'],
] as const

export function PolicyPage() {
  const { tab = '' } = useSearch({ from: '/policy' })
  const go = useNavigate({ from: '/policy' })
  return (
    <>
      <PageHead
        title={t('Policy')}
        about={t(
          'What agents may do, in Cedar. Changed here, or by `bailiwick apply`: the same door.',
        )}
      />
      <div role="tablist" aria-label={t('Policy')} className="mb-4 flex gap-1 border-b border-line">
        {TABS.map(([value, words]) => (
          <button
            key={value}
            type="button"
            role="tab"
            aria-selected={tab === value}
            onClick={() => void go({ search: { tab: value } })}
            className="-mb-px border-b-2 border-transparent px-3 py-1.5 text-sm text-ink-2 hover:text-ink aria-selected:border-accent aria-selected:font-medium aria-selected:text-ink"
          >
            {t(words)}
          </button>
        ))}
      </div>
      <div role="tabpanel" aria-label={t(TABS.find(([value]) => value === tab)?.[1] ?? 'In force')}>
        {tab === 'proposals' ? <Proposals /> : tab === 'versions' ? <Versions /> : <InForce />}
      </div>
    </>
  )
}
