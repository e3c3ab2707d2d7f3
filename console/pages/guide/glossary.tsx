// Holds the words of the product.

import { Card, PageHead } from '../../ui/card.tsx'
import { t } from '../../ui/words.ts'

const WORDS: readonly (readonly [string, string])[] = [
  ['agent', 'A registered kind of program with a purpose and somebody who answers for it.'],
  ['instance', 'One running copy of an agent, with an identity of its own that lives for hours.'],
  ['person', 'Somebody on whose behalf agents act, or who decides about them.'],
  [
    'delegation',
    'What a person, or an agent above, hands on to an instance: never more than they have.',
  ],
  ['task', 'What an agent was asked to do: intent, scope, budget and window. It can only narrow.'],
  [
    'system',
    'What agents reach through a gateway: a tool server, an API, a program. Pinned as it was looked at.',
  ],
  ['action', 'One operation of a system, with its effects and data labels.'],
  ['decision', 'Person ∩ agent ∩ task, for one action with its arguments: allow, deny or hold.'],
  ['grant', 'The permission for one call, made at the decision and used up exactly once.'],
  ['gate', 'Who has to agree before a call goes on.'],
  ['approval', 'A held call, and what people said about it.'],
  ['amendment', 'An approval for the whole task, with a count and an end.'],
  ['lock', 'What denies everywhere, now, until two people lift it.'],
  ['finding', 'What a detector concluded from the record.'],
  ['record', 'One line of the log: what was asked, decided, done or changed.'],
  ['proof', 'What shows to a stranger that a record stands in the log.'],
  ['gateway', 'What every call goes through; it carries out what control decides.'],
  ['quarantine', 'What a system shows otherwise than it was pinned: it waits for a person.'],
  [
    'observe',
    'A mode in which policy denies nothing and records what it would have. Locks hold all the same.',
  ],
]

export function Glossary() {
  return (
    <>
      <PageHead title={t('Glossary')} />
      <Card>
        <dl className="grid gap-x-6 gap-y-2.5 text-sm sm:grid-cols-[9rem_1fr]">
          {WORDS.map(([word, meaning]) => (
            <div key={word} className="contents">
              <dt className="font-medium">{t(word)}</dt>
              <dd className="text-ink-2">{t(meaning)}</dd>
            </div>
          ))}
        </dl>
      </Card>
    </>
  )
}
