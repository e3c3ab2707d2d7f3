// Holds how the actions of a system are shown to whoever labels them.

import type { Action, System } from '../../wire/api/system.ts'
import type { Effect } from '../../wire/effect.ts'
import { table, type Cell, type Surface } from './table.ts'

const GRAVE: ReadonlySet<Effect> = new Set([
  'destructive',
  'external',
  'spend',
  'privileged',
  'opaque',
])

/** Effect labels as a cell; none count as every effect (INV-2). */
function effectsCell(effects: readonly Effect[]): Cell {
  if (effects.length === 0) return { text: 'unlabelled: every effect', style: 'red' }
  const text = effects.join(' ')
  if (effects.some((effect) => GRAVE.has(effect))) return { text, style: 'red' }
  return { text, style: effects.includes('write') ? 'yellow' : 'green' }
}

/** A table of actions; `changes` marks what differs from what is pinned now. */
export function drawActions(
  actions: readonly Action[],
  surface: Surface,
  changes: ReadonlyMap<string, string> = new Map(),
): string {
  const marked = changes.size > 0
  const said = actions.map(saidCell)
  const more = said.some((cell) => cell !== '')
  return table(
    [
      'ACTION',
      'EFFECTS',
      ...(more ? ['SAID OF IT'] : []),
      ...(marked ? ['CHANGE'] : []),
      'WHAT IT SAYS OF ITSELF',
    ],
    actions.map((action, at) => [
      action.name,
      effectsCell(action.effects),
      ...(more ? [said[at] ?? ''] : []),
      ...(marked ? [changeCell(changes.get(action.name))] : []),
      firstLine(action.description ?? action.title ?? ''),
    ]),
    surface,
  )
}

/** What people say of an action besides its effects, in one line. */
function saidCell({ labels = [], measures = {}, triggers = [] }: Action): Cell {
  const { money, recipients = [] } = measures
  const parts = [
    ...(labels.length > 0 ? [`returns ${labels.join(' ')}`] : []),
    ...(money === undefined ? [] : [`money ${money}`]),
    ...(recipients.length > 0 ? [`recipients ${recipients.join(' ')}`] : []),
    ...(triggers.length > 0 ? [`sets off ${triggers.join(' ')}`] : []),
  ]
  return parts.join('; ')
}

/** How a system is reached: a command line, an address, or what describes it. */
export function reachedBy({ transport }: Pick<System, 'transport'>): string {
  switch (transport.kind) {
    case 'external':
      return `described by ${transport.source === 'openapi' ? 'OpenAPI' : transport.source}`
    case 'stdio':
      return [transport.command, ...transport.args].join(' ')
    case 'web':
      return 'the proxy of the gateway'
    default:
      return transport.url
  }
}

/** What else is to be known of how it is reached. */
export function wayFields({
  transport,
}: Pick<System, 'transport'>): [string, string | undefined][] {
  switch (transport.kind) {
    case 'external':
    case 'web':
      return []
    case 'stdio':
      return [
        ['folder', transport.cwd],
        ['secrets', transport.env.join(' ') || 'none'],
        ['sandbox', sandboxText(transport.sandbox)],
      ]
    default:
      return [
        ['credential', transport.auth.kind],
        ['exceptions', exceptions(transport.reach)],
      ]
  }
}

function sandboxText(terms: Extract<System['transport'], { kind: 'stdio' }>['sandbox']): string {
  if (terms?.off === true) return 'off'
  const { read = [], write = [], network = [] } = terms ?? {}
  return [
    ...read.map((folder) => `reads ${folder}`),
    ...write.map((folder) => `writes ${folder}`),
    network.length === 0 ? 'no network' : `connects to ${network.join(' ')}`,
  ].join('; ')
}

function exceptions(reach: {
  private?: boolean | undefined
  clearText?: boolean | undefined
}): string {
  const said = [
    ...(reach.private === true ? ['may have a private address'] : []),
    ...(reach.clearText === true ? ['without TLS'] : []),
  ]
  return said.join('; ') || 'none'
}

/** What tells that it is the system that was looked at; undefined where nothing does. */
export function identityText({ identity }: Pick<System, 'identity'>): string | undefined {
  if (identity === undefined) return undefined
  if (identity.kind === 'certificate') return `a certificate of ${identity.host}`
  return identity.files.map(({ path, digest }) => `${path} ${digest.slice(0, 15)}…`).join(', ')
}

function changeCell(change: string | undefined): Cell {
  return change === undefined ? '' : { text: change, style: 'yellow' }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!
}
