// Holds what somebody says to a held call: no, yes once, yes for the whole task on terms, or that somebody else is to say.

import { useState } from 'react'
import { part, send } from '../../data/api.ts'
import { assertion } from '../../data/passkey.ts'
import type { Approval } from '../../../src/sdk/types.ts'
import { WordBadge } from '../../ui/badge.tsx'
import { Decide, type Way } from '../../ui/decide.tsx'
import { Area, Field, Select } from '../../ui/fields.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Said } from '../../ui/text.tsx'
import { t } from '../../ui/words.ts'

type Gate = Approval['gates'][number]

/** On what terms somebody agrees for the whole task. */
interface Terms {
  readonly count: number
  readonly for_s: number
  readonly loosen: readonly string[]
}

/** Agrees at a gate; with a passkey over this very call, and these terms, where the gate asks for presence. */
async function agree(id: string, gate: Gate, reason: string, terms?: Terms): Promise<unknown> {
  const task = terms === undefined ? {} : { for_task: terms }
  const about = { gate: gate.policy, ...task }
  if (!gate.present) return send(`/v1/approvals/${part(id)}/approve`, { reason, ...about })
  const path = `/approvals/${part(id)}/presence`
  return send(path, { reason, ...about, assertion: await assertion(`${path}/options`, about) })
}

/** A way for each gate that waits for the person. */
function ways(
  gates: readonly Gate[],
  words: string,
  run: (gate: Gate, why: string) => Promise<unknown>,
): Way[] {
  return gates.map((gate) => ({
    words: `${gate.present ? t('{words} with a passkey', { words }) : words}${gates.length > 1 ? `: ${gate.name}` : ''}`,
    look: 'primary',
    run: (reason) => run(gate, reason),
  }))
}

function Once({ approval, mine }: { readonly approval: Approval; readonly mine: readonly Gate[] }) {
  return (
    <Decide
      may
      hint={t('The agent is told why where you say no.')}
      ways={[
        {
          words: t('Deny'),
          run: (reason) => send(`/v1/approvals/${part(approval.id)}/deny`, { reason }),
        },
        ...ways(mine, t('Approve once'), (gate, reason) => agree(approval.id, gate, reason)),
      ]}
    />
  )
}

function ForTask({
  approval,
  mine,
}: {
  readonly approval: Approval
  readonly mine: readonly Gate[]
}) {
  const [count, setCount] = useState('10')
  const [minutes, setMinutes] = useState('60')
  const [loosen, setLoosen] = useState('')
  const terms = (): Terms => ({
    count: Number(count),
    for_s: Number(minutes) * 60,
    loosen: loosen
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  })
  return (
    <Decide
      may={Number.isInteger(Number(count)) && Number(count) > 0 && Number(minutes) > 0}
      hint={t('It ends with the task, with a lock, and when you may not agree any more.')}
      ways={ways(mine, t('Approve for the task'), (gate, reason) =>
        agree(approval.id, gate, reason, terms()),
      )}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field
          label={t('Calls in all')}
          type="number"
          min={1}
          max={1_000}
          value={count}
          onChange={(event) => setCount(event.target.value)}
        />
        <Field
          label={t('Minutes')}
          type="number"
          min={1}
          max={10_080}
          value={minutes}
          onChange={(event) => setMinutes(event.target.value)}
        />
      </div>
      <Area
        label={t('How far arguments may differ from those above')}
        hint={t(
          'One on a line; none: exactly these. `/amount<=5000`, `/path=*`, `/to in ["a","b"]`',
        )}
        rows={3}
        spellCheck={false}
        className="font-mono text-xs"
        value={loosen}
        onChange={(event) => setLoosen(event.target.value)}
      />
    </Decide>
  )
}

function PassOn({
  approval,
  gates,
}: {
  readonly approval: Approval
  readonly gates: readonly Gate[]
}) {
  const choices = gates.flatMap((gate) =>
    gate.escalates_to.map((to): readonly [string, string] => [
      JSON.stringify([gate.policy, to]),
      gates.length > 1 ? `${to} (${gate.name})` : to,
    ]),
  )
  const [chosen, setChosen] = useState(choices[0]?.[0] ?? '')
  return (
    <Decide
      may={chosen !== ''}
      hint={t('They are asked in place of you.')}
      ways={[
        {
          words: t('Pass it on'),
          look: 'primary',
          run: (reason) => {
            const [gate, to] = JSON.parse(chosen) as [string, string]
            return send(`/v1/approvals/${part(approval.id)}/escalate`, { reason, to, gate })
          },
        },
      ]}
    >
      <Select
        label={t('To')}
        value={chosen}
        options={choices}
        onChange={(event) => setChosen(event.target.value)}
      />
    </Decide>
  )
}

/** Everything that the person may say. */
export function Answer({ approval }: { readonly approval: Approval }) {
  const [way, setWay] = useState('once')
  const mine = approval.gates.filter((gate) => gate.yours)
  if (approval.state !== 'pending') {
    return (
      <p className="text-sm">
        <WordBadge word={approval.state} />{' '}
        {approval.answer !== undefined && <Said text={approval.answer} />}
      </p>
    )
  }
  if (mine.length === 0) {
    return <p className="text-sm text-ink-2">{t('It does not wait for you.')}</p>
  }
  const passable = mine.filter(({ escalates_to: to }) => to.length > 0)
  const once = <Once approval={approval} mine={mine} />
  const tabs = [
    ['once', t('This call')],
    ...(approval.task === undefined ? [] : [['task', t('For the whole task')]]),
    ...(passable.length === 0 ? [] : [['on', t('Pass it on')]]),
  ] as [string, string][]
  if (tabs.length === 1) return once
  return (
    <Tabs label={t('Your answer')} tabs={tabs} at={way} onGo={setWay}>
      {way === 'once' && once}
      {way === 'task' && <ForTask approval={approval} mine={mine} />}
      {way === 'on' && <PassOn approval={approval} gates={passable} />}
    </Tabs>
  )
}
