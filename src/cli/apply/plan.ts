// Holds what applying documents would do: each document beside what is there, and the differences in a right order.

import { z } from 'zod'
import type { Control } from '../control/control.ts'
import { DocumentFault, fault, type Trouble } from './faults.ts'
import type { Kind, MemberChange, Members, Sending } from './kind.ts'
import { agentKind, retire } from './kinds/agent.ts'
import { personKind } from './kinds/person.ts'
import { registrationKind } from './kinds/registration.ts'
import { systemKind, type SystemInputs } from './kinds/system.ts'
import { teamKind } from './kinds/team.ts'
import { trustKind } from './kinds/trust.ts'
import type { YamlDocument } from './yaml.ts'

/** One thing that would be changed. */
export interface Change {
  readonly kind: string
  readonly name: string
  readonly action: 'create' | 'update' | 'retire'
  /** Where its document is; absent for what is retired because no document names it. */
  readonly file?: string
  readonly line?: number
  readonly members: readonly MemberChange[]
  send(sending: Sending): Promise<void>
}

/** A document that has the form of its kind. */
interface Wanted {
  readonly kind: Kind
  readonly name: string
  readonly members: Members
  readonly document: YamlDocument
}

/** Every kind, in the order in which things need each other. */
export function kindsAt(now: () => number, inputs?: SystemInputs): readonly Kind[] {
  return [
    personKind,
    teamKind,
    agentKind(now),
    trustKind,
    registrationKind(now),
    systemKind(inputs),
  ]
}

/** The documents, each checked against the schema of its kind. Throws `apply.document` with every place. */
export function wantedOf(
  documents: readonly YamlDocument[],
  kinds: readonly Kind[],
): readonly Wanted[] {
  const troubles: Trouble[] = []
  const seen = new Map<string, YamlDocument>()
  const out: Wanted[] = []
  for (const document of documents) {
    const read = readDocument(document, kinds)
    if (Array.isArray(read)) {
      troubles.push(...(read as readonly Trouble[]))
      continue
    }
    const wanted = read as Wanted
    const key = `${wanted.kind.kind} ${wanted.name}`
    const before = seen.get(key)
    if (before === undefined) seen.set(key, document)
    else {
      const where = `${before.file}:${before.line}`
      troubles.push(document.trouble(['name'], `${key} stands in ${where} already`))
    }
    out.push(wanted)
  }
  if (troubles.length > 0) throw new DocumentFault(troubles)
  return out
}

function readDocument(document: YamlDocument, kinds: readonly Kind[]): Wanted | readonly Trouble[] {
  const { tree } = document
  const named = z.looseObject({ kind: z.string() }).safeParse(tree)
  const kind = kinds.find((one) => one.kind === named.data?.kind)
  if (kind === undefined) {
    const names = kinds.map((one) => one.kind).join(', ')
    return [document.trouble(['kind'], `a document has a kind: ${names}`)]
  }
  const checked = kind.schema.safeParse(tree)
  if (checked.success) {
    const { name, ...members } = checked.data
    return { kind, name, members, document }
  }
  return checked.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) =>
          document.trouble([...issue.path, key], `\`${key.slice(0, 64)}\` is not known here`),
        )
      : [document.trouble(issue.path, `${issue.path.join('.') || 'it'}: ${issue.message}`)],
  )
}

/** What is to be done, in the order in which it has to be. Throws `apply.document` where something cannot be. */
export async function planOf(
  control: Control,
  wanted: readonly Wanted[],
  kinds: readonly Kind[],
  prune: boolean,
): Promise<readonly Change[]> {
  const troubles: Trouble[] = []
  const changes: Change[] = []
  for (const kind of kinds) {
    const of = wanted.filter((one) => one.kind === kind)
    const pruned = prune && kind.kind === 'agent'
    if (of.length === 0 && !pruned) continue
    const current = await kind.current(control)
    for (const one of of) {
      const now = current.get(one.name)
      const members = kind.differences(now, one.members)
      if (typeof members === 'string') {
        troubles.push(one.document.trouble(['name'], `${kind.kind} ${one.name}: ${members}`))
      } else if (members.length > 0) {
        changes.push(changeOf(one, now, members))
      }
    }
    if (pruned) changes.push(...pruning(current, of))
  }
  if (troubles.length > 0) throw new DocumentFault(troubles)
  return changes
}

function changeOf(
  { kind, name, members, document }: Wanted,
  now: Members | undefined,
  differences: readonly MemberChange[],
): Change {
  return {
    kind: kind.kind,
    name,
    action: now === undefined ? 'create' : 'update',
    file: document.file,
    line: document.line,
    members: differences,
    send: (sending) => kind.send(sending, name, now, members),
  }
}

/** Every agent that no document names is retired; documents that name none would retire all, and that is not meant. */
function pruning(current: ReadonlyMap<string, Members>, named: readonly Wanted[]): Change[] {
  if (named.length === 0) throw fault('apply.prune', 'no document names an agent')
  const names = new Set(named.map(({ name }) => name))
  return [...current]
    .filter(([name, { state }]) => !names.has(name) && state !== 'retired')
    .map(([name, { state = null }]) => ({
      kind: 'agent',
      name,
      action: 'retire',
      members: [{ member: 'state', from: state, to: 'retired' }],
      send: (sending) => retire(sending, name),
    }))
}
