// Holds a graph that one can walk through: placed from left to right, every node a link, beside a list that says the same.

import dagre from '@dagrejs/dagre'
import { Link, type LinkProps } from '@tanstack/react-router'
import {
  Background,
  Controls,
  Handle,
  MarkerType,
  Position,
  ReactFlow,
  type Edge,
  type Node,
  type NodeProps,
} from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useMemo } from 'react'
import { Said } from './text.tsx'
import type { Tone } from './badge.tsx'

/** One thing of the graph. */
export interface Thing {
  readonly id: string
  /** What kind of thing it is, in a word. */
  readonly kind: string
  readonly words: string
  readonly tone: Tone
  /** Its page; left out where it has none. */
  readonly link?: LinkProps
}

/** That one leads to another. */
export interface Leads {
  readonly from: string
  readonly to: string
  /** Drawn with dashes: under a condition, or after a person was asked. */
  readonly dashed?: boolean
}

const WIDTH = 208
const HEIGHT = 46
/** Of the picture: as much as its things need, within this. */
const LEAST = 160
const MOST = 448
const ROOM = 64

const TONES: Readonly<Record<Tone, string>> = {
  good: 'border-good',
  bad: 'border-bad',
  wait: 'border-wait',
  note: 'border-note',
  plain: 'border-line-strong',
}

type ThingNode = Node<{ readonly thing: Thing }, 'thing'>

function Box({ data: { thing } }: NodeProps<ThingNode>) {
  const inside = (
    <>
      <span className="block text-2xs leading-3 text-ink-3">{thing.kind}</span>
      <span className="block truncate text-xs font-medium">
        <Said text={thing.words} />
      </span>
    </>
  )
  const look = `block h-[46px] w-[208px] rounded-md border-l-4 border bg-paper px-2.5 py-2 text-left ${TONES[thing.tone]}`
  return (
    <>
      <Handle type="target" position={Position.Left} className="invisible" />
      {thing.link === undefined ? (
        <div className={look}>{inside}</div>
      ) : (
        <Link {...thing.link} className={`${look} hover:bg-sunken nodrag nopan`}>
          {inside}
        </Link>
      )}
      <Handle type="source" position={Position.Right} className="invisible" />
    </>
  )
}

const NODE_TYPES = { thing: Box }

/** Places what is known: ends of an edge that nobody names are left out with it. */
function placed(
  things: readonly Thing[],
  leads: readonly Leads[],
): { nodes: ThingNode[]; edges: Edge[]; height: number } {
  const graph = new dagre.graphlib.Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 72 })
  graph.setDefaultEdgeLabel(() => ({}))
  const known = new Set(things.map(({ id }) => id))
  for (const { id } of things) graph.setNode(id, { width: WIDTH, height: HEIGHT })
  const drawn = leads.filter(({ from, to }) => known.has(from) && known.has(to))
  for (const { from, to } of drawn) graph.setEdge(from, to)
  dagre.layout(graph)
  const height = Math.min(Math.max((graph.graph().height ?? 0) + ROOM, LEAST), MOST)
  return {
    height,
    nodes: things.map((thing): ThingNode => {
      const { x, y } = graph.node(thing.id)
      return {
        id: thing.id,
        type: 'thing',
        position: { x: x - WIDTH / 2, y: y - HEIGHT / 2 },
        data: { thing },
      }
    }),
    edges: drawn.map(({ from, to, dashed }, at) => ({
      id: `${at}`,
      source: from,
      target: to,
      markerEnd: { type: MarkerType.ArrowClosed, color: 'var(--line-strong)' },
      style: { stroke: 'var(--line-strong)', ...(dashed === true && { strokeDasharray: '5 4' }) },
    })),
  }
}

export interface GraphProps {
  /** What it shows, for whoever does not see it: the list beside it has the rest. */
  readonly label: string
  readonly things: readonly Thing[]
  readonly leads: readonly Leads[]
}

export function Graph({ label, things, leads }: GraphProps) {
  const { nodes, edges, height } = useMemo(() => placed(things, leads), [things, leads])
  return (
    <figure
      aria-label={label}
      style={{ height }}
      className="rounded-md border border-line bg-ground"
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        fitView
        fitViewOptions={{ maxZoom: 1 }}
        minZoom={0.1}
        onlyRenderVisibleElements={nodes.length > 300}
      >
        <Background color="var(--line)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </figure>
  )
}
