// Holds the setting of the demonstration: two real MCP servers, starter policies and one agent, all through the control API.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fillPlaceholders } from '../../server/starter.ts'
import { Agent } from '../../wire/api/agent.ts'
import { LockRemoved, LocksAnswer } from '../../wire/api/lock.ts'
import { PoliciesAnswer, PolicyApplied, type PolicySource } from '../../wire/api/policy.ts'
import { InspectAnswer, System, SystemsAnswer, type Transport } from '../../wire/api/system.ts'
import { Task, TasksAnswer } from '../../wire/api/task.ts'
import { target, type Control } from '../control/control.ts'
import { everyAgent } from '../control/lists.ts'

/** Name of the agent that the tour registers. */
export const TOUR_AGENT = 'tour-agent'

/** The intent of the task that the tour opens. */
export const TOUR_INTENT = 'tidy up the notes, and show how a long job is stopped'

/** Why the demonstration set something up, in every record of it. */
const REASON = 'set up by bailiwick dev for the demonstration'

/** Starting a system may take a while on a busy machine (ms). */
const INSPECT_MS = 120_000

/** Where the demonstration plays. */
export interface Demo {
  /** The folder that the filesystem server is given, with links resolved. */
  readonly scratch: string
  /** False where somebody has applied policies of their own: then the tour would not tell the truth about them. */
  readonly starterPolicies: boolean
  /** What was pinned or applied now, in words. */
  readonly done: readonly string[]
}

const require = createRequire(import.meta.url)

/** The program of an npm package that is an MCP server. */
function serverProgram(name: string): string {
  const manifest = require.resolve(`@modelcontextprotocol/${name}/package.json`)
  const { bin } = require(manifest) as { bin: Record<string, string> }
  return join(dirname(manifest), Object.values(bin)[0]!)
}

/** The folder of a home's demonstration: beside it, because no program of a system sees anything of a home. */
export function scratchOf(home: string): string {
  return `${home}-scratch`
}

/** Lays the scratch folder out anew, so that the tour finds what it expects. */
function layScratch(folder: string): string {
  for (const inner of ['notes', 'drafts', 'archive']) {
    mkdirSync(join(folder, inner), { recursive: true, mode: 0o700 })
  }
  writeFileSync(
    join(folder, 'notes', 'welcome.txt'),
    'Every AI agent acts only within its bailiwick.\n',
  )
  writeFileSync(
    join(folder, 'notes', 'report.txt'),
    'A report that will be moved, once a person agrees.\n',
  )
  for (const left of [join('archive', 'report.txt'), join('notes', 'intruder.txt')]) {
    rmSync(join(folder, left), { force: true })
  }
  return realpathSync(folder)
}

async function ensureSystem(
  control: Control,
  name: string,
  transport: Transport,
): Promise<boolean> {
  const { systems } = await control.get('/v1/systems', SystemsAnswer)
  const pinned = systems.find((system) => system.name === name)
  const same = (a: Transport, b: Transport): boolean =>
    JSON.stringify([a.command, a.args, a.env, a.sandbox]) ===
    JSON.stringify([b.command, b.args, b.env, b.sandbox])
  if (pinned?.transport.kind === 'stdio' && same(pinned.transport, transport)) return false
  const seen = await control.send(
    'POST',
    '/v1/systems/inspect',
    { name, transport },
    InspectAnswer,
    INSPECT_MS,
  )
  const effects = Object.fromEntries(seen.definition.actions.map((a) => [a.name, a.effects]))
  const pin = { name, transport, effects, fingerprint: seen.fingerprint, reason: REASON }
  await control.send('POST', '/v1/systems', pin, System, INSPECT_MS)
  return true
}

function starterSources(scratch: string): PolicySource[] {
  const folder = fileURLToPath(new URL('../../../policies', import.meta.url))
  return readdirSync(folder)
    .filter((file) => file.endsWith('.cedar'))
    .sort()
    .map((file) => ({
      file,
      text: fillPlaceholders(readFileSync(join(folder, file), 'utf8'), { scratch }),
    }))
}

/** Applies the starter set where none was applied. True when the starter files are in force, among others perhaps. */
async function ensurePolicies(
  control: Control,
  scratch: string,
): Promise<{ readonly starter: boolean; readonly applied: boolean }> {
  const sources = starterSources(scratch)
  const current = await control.get('/v1/policies', PoliciesAnswer)
  if (current.digest === null) {
    await control.send('POST', '/v1/policies', { sources, reason: REASON }, PolicyApplied)
    return { starter: true, applied: true }
  }
  const inForce = new Map(current.sources.map((source) => [source.file, source.text]))
  return { starter: sources.every((s) => inForce.get(s.file) === s.text), applied: false }
}

async function ensureAgent(control: Control): Promise<boolean> {
  const agents = await everyAgent(control)
  if (agents.some((agent) => agent.name === TOUR_AGENT)) return false
  const agent = { name: TOUR_AGENT, purpose: 'shows what Bailiwick does', roles: ['guide'] }
  await control.send('POST', '/v1/agents', agent, Agent)
  return true
}

/** Lifts the lock that an earlier tour left behind. */
async function liftOldLocks(control: Control): Promise<void> {
  const { locks } = await control.get('/v1/locks', LocksAnswer)
  for (const { id, target } of locks) {
    if (target.kind !== 'agent' || target.name !== TOUR_AGENT) continue
    const reason = 'the tour starts again'
    await control.send('POST', `/v1/locks/${id}/remove`, { reason }, LockRemoved)
  }
}

/** Ends the task that an earlier tour left open: with two of them the agent would have to name one. */
async function endOldTasks(control: Control): Promise<void> {
  const query = { mine: 'true', agent: TOUR_AGENT, limit: 1000 }
  const { tasks } = await control.get(target(['v1', 'tasks'], query), TasksAnswer)
  for (const { id, intent } of tasks) {
    if (intent !== TOUR_INTENT) continue
    const reason = 'the tour starts again'
    await control.send('POST', target(['v1', 'tasks', id, 'cancel']), { reason }, Task)
  }
}

/** Sets up what is missing, and leaves what is there. */
export async function setUpDemo(control: Control, home: string): Promise<Demo> {
  const scratch = layScratch(scratchOf(home))
  const done: string[] = []
  const node = process.execPath
  const files = [serverProgram('server-filesystem'), scratch]
  const stdio = (args: string[]): Transport => ({ kind: 'stdio', command: node, args, env: [] })
  const writes = { ...stdio(files), sandbox: { write: [scratch] } }
  if (await ensureSystem(control, 'filesystem', writes)) {
    done.push(`pinned the system filesystem: @modelcontextprotocol/server-filesystem on ${scratch}`)
  }
  if (await ensureSystem(control, 'everything', stdio([serverProgram('server-everything')]))) {
    done.push('pinned the system everything: @modelcontextprotocol/server-everything')
  }
  const { starter, applied } = await ensurePolicies(control, scratch)
  if (applied) done.push('applied the starter policies of the folder policies/')
  if (await ensureAgent(control))
    done.push(`registered the agent ${TOUR_AGENT} with the role guide`)
  await liftOldLocks(control)
  await endOldTasks(control)
  return { scratch, starterPolicies: starter, done }
}

/** True when a file is there: how the tour looks at what really happened. */
export function fileThere(...path: string[]): boolean {
  return existsSync(join(...path))
}
