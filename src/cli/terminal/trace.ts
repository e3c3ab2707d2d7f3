// Holds how the tree of a task or a trace is drawn: branches of instances, and their calls in order.

import type { AuditTrace, TraceNode } from '../../wire/api/story.ts'
import type { Style } from './paint.ts'
import type { Surface } from './table.ts'
import { visible } from './visible.ts'

const ANSWERS: Readonly<Record<string, Style>> = { deny: 'red', hold: 'yellow' }

/** The tree, one node a line. */
export function drawTrace({ complete, nodes }: AuditTrace, surface: Surface): string {
  const below = new Map<string | null, TraceNode[]>()
  for (const node of nodes) below.set(node.parent, [...(below.get(node.parent) ?? []), node])
  const lines: string[] = []
  const draw = (node: TraceNode, before: string, branch: string, after: string): void => {
    lines.push(`${surface.paint('dim', before + branch)}${nodeText(node, surface)}`)
    const children = below.get(node.id) ?? []
    children.forEach((child, at) => {
      const last = at === children.length - 1
      draw(child, before + after, last ? '└─ ' : '├─ ', last ? '   ' : '│  ')
    })
  }
  for (const root of below.get(null) ?? []) draw(root, '', '', '')
  if (!complete) lines.push('not all of the log was looked at: there may be more')
  return `${lines.join('\n')}\n`
}

function nodeText(node: TraceNode, surface: Surface): string {
  const { id, kind, what, who } = node
  if (kind === 'call') return callText(node, surface)
  const name = kind === 'trace' && id === '' ? 'one call' : `${kind} ${id}`
  const facts = kind === 'instance' ? who : [who === null ? null : `of ${who}`, what].join(' ')
  return `${surface.paint('bold', visible(name))} ${visible(facts ?? '').trim()}`.trimEnd()
}

function callText(node: TraceNode, surface: Surface): string {
  const { answer, at, claimed, duration_ms: took, id, status, trigger, what } = node
  const style = ANSWERS[answer ?? ''] ?? (status === 'ok' ? 'green' : 'yellow')
  const parts = [
    surface.paint('dim', (at ?? '').slice(11, 23)),
    visible(what ?? ''),
    surface.paint(style, visible([answer, status].filter((one) => one !== null).join(' · '))),
    took === null ? '' : `${took} ms`,
    trigger === null ? '' : surface.paint('dim', `set off by ${visible(trigger)}`),
    claimed ? surface.paint('yellow', 'here by its caller’s word') : '',
    surface.paint('dim', visible(id)),
  ]
  return parts.filter((part) => part !== '').join('  ')
}
