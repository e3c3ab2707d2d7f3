// Holds why a call was answered as it was: the words of each party, the conditions that decided, and what would make it otherwise.

import { useQuery } from '@tanstack/react-query'
import { send } from '../../data/api.ts'
import { useMay } from '../../data/queries.ts'
import type { CallStory, ExplainCallAnswer, ExplainedParty } from '../../../src/sdk/types.ts'
import { Badge, WordBadge } from '../../ui/badge.tsx'
import { Loading } from '../../ui/card.tsx'
import { Said, Words } from '../../ui/text.tsx'
import { t } from '../../ui/words.ts'

function Party({ party }: { readonly party: ExplainedParty }) {
  return (
    <li className="border-t border-line/60 py-2 first:border-0 first:pt-0">
      <p className="flex items-center gap-2 text-sm">
        <b className="w-12 font-medium">{t(party.party)}</b> <WordBadge word={party.answer} />{' '}
        <span className="min-w-0 text-ink-2">
          <Words text={party.reason} />
        </span>
      </p>
      {party.policies.map((policy) => (
        <details key={policy.id} className="mt-1 pl-14 text-xs">
          <summary>
            <code>
              <Said text={policy.id} />
            </code>{' '}
            <span className="text-ink-2">
              <Words text={policy.words} />
            </span>
          </summary>
          <p className="mt-1 text-ink-3">
            <Said text={`${policy.file}:${policy.line}`} />
          </p>
          <pre
            tabIndex={0}
            aria-label={policy.id}
            className="mt-1 overflow-x-auto rounded border border-line bg-ground p-2 leading-5"
          >
            {policy.text}
          </pre>
        </details>
      ))}
    </li>
  )
}

export function Explained({ id, story }: { readonly id: string; readonly story: CallStory }) {
  const may = useMay('auditor')
  const { data, error, isPending } = useQuery({
    queryKey: ['/v1/policies/explain/call', id],
    queryFn: () => send<ExplainCallAnswer>('/v1/policies/explain/call', { call: id }),
    enabled: may,
    staleTime: Infinity,
    retry: false,
  })
  const { decision } = story
  return (
    <div className="space-y-3 text-sm">
      <p className="flex flex-wrap items-center gap-2">
        <WordBadge word={decision.answer} />
        {decision.code !== null && (
          <code className="text-ink-2">
            <Said text={decision.code} />
          </code>
        )}
        {decision.reason !== null && (
          <span>
            <Words text={decision.reason} />
          </span>
        )}
        {decision.again && <Badge tone="note">{t('decided once more before it went out')}</Badge>}
      </p>
      {decision.because !== null && (
        <p className="text-ink-2">
          <Words text={decision.because} />
        </p>
      )}
      {may && isPending && <Loading />}
      {data === undefined ? (
        <ul>
          {story.authority.parties.map((one) => (
            <li key={one.party} className="flex items-center gap-2 py-1">
              <b className="w-12 font-medium">{t(one.party)}</b> <WordBadge word={one.answer} />{' '}
              <span className="text-ink-2">
                <Words text={one.reason} />
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <>
          <ul>
            {data.explanation.parties.map((party) => (
              <Party key={party.party} party={party} />
            ))}
          </ul>
          {data.explanation.changes.length > 0 && (
            <div>
              <h3 className="text-xs font-medium text-ink-2">
                {t('What would make it otherwise')}
              </h3>
              <ul className="mt-1 list-disc space-y-0.5 pl-4">
                {[...new Set(data.explanation.changes.map(({ words }) => words))].map((words) => (
                  <li key={words}>
                    <Words text={words} />
                  </li>
                ))}
              </ul>
            </div>
          )}
          {!data.call.same_set && (
            <p className="text-xs text-wait">
              {t(
                'Explained by the policies that are in force now: those that decided are not to be had any more.',
              )}
            </p>
          )}
        </>
      )}
      {error !== null && (
        <p className="text-xs text-ink-3">
          <Said text={error.message} />
        </p>
      )}
    </div>
  )
}
