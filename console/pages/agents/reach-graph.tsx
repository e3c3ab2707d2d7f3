// Holds the reach of an agent as a picture: from the agent over roles and policies to actions, and what those set off.

import { useMemo } from 'react'
import type { ReachAnswer } from '../../../src/sdk/types.ts'
import { Graph, type Leads, type Thing } from '../../ui/graph.tsx'
import { t } from '../../ui/words.ts'

/** Nodes beyond which actions of a system stand as one: a picture of more says nothing. */
const MOST = 120

type Node = ReachAnswer['nodes'][number]

function systemOf(action: string): string {
  return action.slice(0, action.indexOf('/'))
}

/** A node's id says its kind first, as `action crm/read`. */
function wordsOf({ id }: Pick<Node, 'id'>): string {
  return id.slice(id.indexOf(' ') + 1)
}

function thing(node: Node, agent: string, acting: ReadonlySet<string>): Thing {
  const words = wordsOf(node)
  const base = { id: node.id, kind: t(node.kind), words }
  if (node.kind === 'agent')
    return { ...base, tone: 'note', link: { to: '/agents/$name', params: { name: agent } } }
  if (node.kind === 'policy') return { ...base, tone: 'plain', link: { to: '/policy' } }
  if (node.kind === 'role') return { ...base, tone: 'plain' }
  const tone = acting.has(words) ? 'wait' : 'plain'
  return {
    ...base,
    tone: node.kind === 'triggered' ? 'bad' : tone,
    link: { to: '/systems/$name', params: { name: systemOf(words) } },
  }
}

/** Actions of a system as one node each, where there are too many. */
function folded(reach: ReachAnswer): { things: Thing[]; leads: Leads[] } {
  const fold = reach.nodes.length > MOST
  const place = (id: string): string =>
    fold && id.startsWith('action ') ? `system ${systemOf(wordsOf({ id }))}` : id
  const acting = new Set(
    reach.actions
      .filter(({ effects }) => effects.some((one) => one !== 'read'))
      .map(({ action }) => action),
  )
  const things = new Map<string, Thing>()
  const count = new Map<string, number>()
  for (const node of reach.nodes) {
    const id = place(node.id)
    count.set(id, (count.get(id) ?? 0) + 1)
    if (things.has(id)) continue
    const one = thing(node, reach.agent, acting)
    things.set(id, id === node.id ? one : { ...one, id, kind: t('system'), words: wordsOf({ id }) })
  }
  for (const [id, one] of things) {
    if (id.startsWith('system '))
      things.set(id, { ...one, words: `${one.words}: ${t('{n} actions', { n: count.get(id)! })}` })
  }
  const leads = new Map<string, Leads>()
  for (const edge of reach.edges) {
    const [from, to] = [place(edge.from), place(edge.to)]
    const dashed = edge.gated || edge.limited
    const before = leads.get(`${from} ${to}`)
    if (from === to) continue
    leads.set(`${from} ${to}`, { from, to, dashed: dashed && before?.dashed !== false })
  }
  return { things: [...things.values()], leads: [...leads.values()] }
}

export default function ReachGraph({ reach }: { readonly reach: ReachAnswer }) {
  const { things, leads } = useMemo(() => folded(reach), [reach])
  return (
    <div className="space-y-1">
      <Graph
        label={t('What {agent} could reach', { agent: reach.agent })}
        things={things}
        leads={leads}
      />
      <p className="text-xs text-ink-3">
        {t('Dashed: under a condition, or after somebody was asked. The list below says the same.')}
      </p>
    </div>
  )
}
