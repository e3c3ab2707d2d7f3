// Holds what a lock covers: the one place that says which calls a target stops.

import type { Lock, LockKind, LockTarget } from '../../store/rows/lock.ts'

/** The facts of a call that locks look at. An `Actor` fits, and so does an approval. */
export interface Lockable {
  readonly instance: string
  readonly agent: string
  /** Person id of the agent's owner. */
  readonly owner: string
  readonly delegation?: { readonly id: string; readonly person: string }
  /** What it works on, and the person id of who asked for that, where it is known. */
  readonly task?: { readonly id: string; readonly person?: string }
  /** Who passed authority on: a lock on any of them reaches who is below. Absent: nobody. */
  readonly chain?: readonly {
    readonly delegation: string
    readonly instance: string
    readonly agent: string
    /** Person id of that agent's owner, where it is known. */
    readonly owner?: string
  }[]
}

/** The credentials that calls of a system go out with, on behalf of a person (an id), as locks name them. */
export type EquippedWith = (system: string, person: string | undefined) => readonly string[]

/** Kinds in the order in which they are looked up: the widest first, so that its reason is the one that is told. */
const KINDS = [
  'everything',
  'system',
  'action',
  'credential',
  'person',
  'agent',
  'instance',
  'delegation',
  'task',
] as const

/** The names under which a call can be locked, of one kind. A person stops what they own and what they asked for as well as what acts for them. */
function namesOf(
  kind: LockKind,
  actor: Lockable,
  system: string,
  action: string,
  equipped: EquippedWith,
): readonly string[] {
  switch (kind) {
    case 'everything':
      return ['']
    case 'system':
      return [system]
    case 'action':
      return [`${system}/${action}`]
    case 'credential':
      return equipped(system, actor.delegation?.person)
    case 'person':
      return [
        ...(actor.delegation === undefined ? [] : [actor.delegation.person]),
        actor.owner,
        ...(actor.task?.person === undefined ? [] : [actor.task.person]),
        ...(actor.chain ?? []).flatMap((one) => one.owner ?? []),
      ]
    case 'agent':
      return [actor.agent, ...(actor.chain ?? []).map((one) => one.agent)]
    case 'instance':
      return [actor.instance, ...(actor.chain ?? []).map((one) => one.instance)]
    case 'delegation':
      return [
        ...(actor.delegation === undefined ? [] : [actor.delegation.id]),
        ...(actor.chain ?? []).map((one) => one.delegation),
      ]
    case 'task':
      return actor.task === undefined ? [] : [actor.task.id]
  }
}

/** True when a lock on the target stops this call. */
export function covers(
  target: LockTarget,
  actor: Lockable,
  system: string,
  action: string,
  equipped: EquippedWith,
): boolean {
  return namesOf(target.kind, actor, system, action, equipped).includes(target.name)
}

/** `agent support-bot`, as people read it. */
export function targetText(target: LockTarget): string {
  return target.kind === 'everything' ? 'everything' : `${target.kind} ${target.name}`
}

/** Active locks by target: a look-up is a handful of map reads, however many locks there are. */
export class LockIndex {
  readonly #kinds = new Map<LockKind, Map<string, Lock[]>>()

  add(lock: Lock): void {
    const names = this.#kinds.get(lock.target.kind) ?? new Map<string, Lock[]>()
    names.set(lock.target.name, [...(names.get(lock.target.name) ?? []), lock])
    this.#kinds.set(lock.target.kind, names)
  }

  remove(lock: Lock): void {
    const names = this.#kinds.get(lock.target.kind)
    const left = names?.get(lock.target.name)?.filter((other) => other.id !== lock.id) ?? []
    if (left.length > 0) names?.set(lock.target.name, left)
    else names?.delete(lock.target.name)
    if (names?.size === 0) this.#kinds.delete(lock.target.kind)
  }

  /** A lock on exactly this target. */
  of({ kind, name }: LockTarget): Lock | undefined {
    return this.#kinds.get(kind)?.get(name)?.[0]
  }

  /** A lock that stops this call. */
  find(actor: Lockable, system: string, action: string, equipped: EquippedWith): Lock | undefined {
    if (this.#kinds.size === 0) return undefined
    for (const kind of KINDS) {
      const names = this.#kinds.get(kind)
      if (names === undefined) continue
      for (const name of namesOf(kind, actor, system, action, equipped)) {
        const lock = names.get(name)?.[0]
        if (lock !== undefined) return lock
      }
    }
    return undefined
  }
}
