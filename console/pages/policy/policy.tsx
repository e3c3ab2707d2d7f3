// Holds the policies in force: their text, their versions, what is proposed.

import { useNavigate, useSearch } from '@tanstack/react-router'
import { PageHead } from '../../ui/card.tsx'
import { Tabs } from '../../ui/tabs.tsx'
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
          'What agents may do, in Cedar. Changed here, or by `bailiwick policy apply`: the same door.',
        )}
      />
      <Tabs
        label={t('Policy')}
        tabs={TABS}
        at={tab}
        onGo={(value) => void go({ search: { tab: value } })}
      >
        {tab === 'proposals' ? <Proposals /> : tab === 'versions' ? <Versions /> : <InForce />}
      </Tabs>
    </>
  )
}
