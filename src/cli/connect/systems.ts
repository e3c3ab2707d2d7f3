// Holds the registration of what was found: each server is started once, looked at, and pinned under its name.

import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { Fault } from '../../std/fault.ts'
import { InspectAnswer, System, type Action } from '../../wire/api/system.ts'
import type { Effect } from '../../wire/effect.ts'
import type { Control } from '../control/control.ts'
import type { PlannedEntry } from './plan.ts'

/** Starting somebody's program for the first time may fetch things (ms). */
const START_MS = 180_000

/** What the person said of systems, by their names. */
export interface SystemTerms {
  /** Hosts that they may connect to. */
  readonly network: ReadonlyMap<string, readonly string[]>
  /** Those that run without a sandbox; `*` is all of them. */
  readonly unsandboxed: ReadonlySet<string>
  /** Effects of actions: `system/action` or `system/*`. */
  readonly effects: ReadonlyMap<string, readonly Effect[]>
}

/** A server that was looked at. */
export interface Looked {
  readonly system: string
  readonly asked: object
  readonly answer: InspectAnswer
  readonly actions: readonly Action[]
}

function exists(path: string): 'folder' | 'file' | undefined {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file'
  } catch {
    // Not there, or not for us to see: then not for it either.
    return undefined
  }
}

/** What a program may have: the folders and files that its own arguments name, and the hosts that the person names. */
function sandboxOf(
  system: string,
  args: readonly string[],
  cwd: string | undefined,
  terms: SystemTerms,
): object {
  if (terms.unsandboxed.has(system) || terms.unsandboxed.has('*')) return { off: true }
  const named = args.filter((one) => isAbsolute(one) && one !== '/')
  const folders = named.filter((one) => exists(one) === 'folder')
  const files = named.filter((one) => exists(one) === 'file')
  const read = [...new Set([...files, ...(cwd === undefined || cwd === '/' ? [] : [cwd])])]
  const network = terms.network.get(system) ?? terms.network.get('*')
  return {
    ...(read.length > 0 && { read: read.slice(0, 64) }),
    ...(folders.length > 0 && { write: [...new Set(folders)].slice(0, 64) }),
    ...(network !== undefined && { network: [...network] }),
  }
}

function said(system: string, action: Action, terms: SystemTerms): readonly Effect[] {
  const { effects } = terms
  return effects.get(`${system}/${action.name}`) ?? effects.get(`${system}/*`) ?? action.effects
}

/** Starts a server once and tells what it is. Rejects with what kept it from starting. */
export async function lookAt(
  control: Control,
  { system, transport, values }: PlannedEntry,
  terms: SystemTerms,
): Promise<Looked> {
  if (system === undefined || transport === undefined) throw new TypeError('nothing to look at')
  const secrets = Object.fromEntries([...(values ?? [])].map(([name, { value }]) => [name, value]))
  const sandbox =
    transport.kind === 'stdio' ? sandboxOf(system, transport.args, transport.cwd, terms) : {}
  const reached = Object.keys(sandbox).length === 0 ? transport : { ...transport, sandbox }
  const asked = { name: system, transport: reached, secrets }
  const answer = await control.send('POST', '/v1/systems/inspect', asked, InspectAnswer, START_MS)
  const actions = answer.definition.actions.map((action) => ({
    ...action,
    effects: [...said(system, action, terms)],
  }))
  return { system, asked, answer, actions }
}

/** Pins what was looked at. */
export async function pin(control: Control, looked: Looked, reason: string): Promise<System> {
  const body = {
    ...looked.asked,
    effects: Object.fromEntries(looked.actions.map(({ name, effects }) => [name, effects])),
    fingerprint: looked.answer.fingerprint,
    reason,
  }
  return control.send('POST', '/v1/systems', body, System, START_MS)
}

/** Actions that observe mode does not open, with the effects that keep it from that. */
export function unopened(actions: readonly Action[]): readonly Action[] {
  return actions.filter(
    ({ effects, name }) =>
      // What the server asks back is no tool of the agent's.
      !name.includes('/') &&
      (effects.length === 0 || effects.some((one) => one !== 'read' && one !== 'write')),
  )
}

/** Why a server was not taken, in one line. */
export function troubleOf(error: unknown): string {
  if (error instanceof Fault) return `${error.detail} (${error.code})`
  throw error
}
