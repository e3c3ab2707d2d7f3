// Holds the run of `connect`: what there is, what it would become, a person's yes, and then file by file.

import { resolve } from 'node:path'
import { base64url, digest } from '../../std/bytes.ts'
import { isName } from '../../std/id.ts'
import { Connection, ConnectionsAnswer, type NewConnection } from '../../wire/api/connection.ts'
import { Status } from '../../wire/api/status.ts'
import { SystemsAnswer } from '../../wire/api/system.ts'
import type { Effect } from '../../wire/effect.ts'
import type { Context } from '../context.ts'
import type { Control } from '../control/control.ts'
import { momentOf } from '../moment.ts'
import { parseEffects } from '../system-add.ts'
import { askSecret, canAsk, choose, confirm } from '../terminal/ask.ts'
import { connectedAgent, type ConnectedAgent } from './agent.ts'
import { placeOf, type Client, type ConfigPlace, type Surroundings } from './clients.ts'
import { drawFound, drawPlan, tellAfter } from './draw.ts'
import { fault } from './faults.ts'
import { knownClient, surroundings } from './known.ts'
import type { ConnectOptions } from './options.ts'
import type { Outcome } from './outcome.ts'
import { bytesOf, replaceConfig } from './file.ts'
import { connectHooks } from './hook-files.ts'
import { listed } from './list.ts'
import { entryChange, foundFiles, planFiles, type PlannedEntry, type PlannedFile } from './plan.ts'
import { lookAt, pin, troubleOf, type Looked, type SystemTerms } from './systems.ts'

/** Words of the record where the person gives none. */
const REASON = 'put behind Bailiwick'

function placesOf(
  client: Client,
  at: Surroundings,
  options: ConnectOptions,
): readonly ConfigPlace[] {
  if (options.file !== undefined) return [placeOf(client, resolve(at.cwd, options.file), at)]
  const wanted = (place: ConfigPlace): boolean =>
    (options.user === true && place.scope === 'user') ||
    (options.project === true && place.scope === 'project') ||
    (options.user !== true && options.project !== true)
  return client.places(at).filter(wanted)
}

/** `name=a,b` entries by name. */
function lists(option: string, entries: readonly string[] = []): Map<string, readonly string[]> {
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf('=')
      if (at < 1) throw fault('connect.client', `${option} takes SYSTEM=VALUE,VALUE`)
      return [entry.slice(0, at), entry.slice(at + 1).split(',')] as const
    }),
  )
}

function termsOf(options: ConnectOptions): SystemTerms {
  const effects: ReadonlyMap<string, readonly Effect[]> = parseEffects(options.effects ?? [])
  const network = lists('--network', options.network)
  return { effects, network, unsandboxed: new Set(options.unsandboxed) }
}

/** Runs the command. */
export async function connect(
  context: Context,
  name: string | undefined,
  options: ConnectOptions,
): Promise<void> {
  if (options.list === true) return listed(context, name)
  if (name === undefined) throw fault('connect.client', 'name a client')
  const client = knownClient(name)
  const agent = options.agent ?? client.name
  if (!isName(agent)) throw fault('connect.client', '--agent is no name of an agent')
  const { screen, shell } = context
  const terms = termsOf(options)
  const until =
    options.observe === 'none' ? undefined : momentOf('--observe', options.observe, screen.now)
  const at = surroundings(context)
  const { found, broken } = foundFiles(placesOf(client, at, options))
  for (const { trouble } of broken) if (found.length > 0) screen.say(`left out: ${trouble.detail}`)
  if (found.length === 0 && broken[0] !== undefined) throw broken[0].trouble
  if (found.length === 0 && options.hooks !== true) {
    throw fault('connect.nothing', `no file of ${client.title} was found`)
  }
  const control = await context.control()
  const { systems } = await control.get('/v1/systems', SystemsAnswer)
  const { connections } = await control.get('/v1/connections', ConnectionsAnswer)
  const planned = await planFiles(found, {
    client,
    at,
    scope: {
      env: shell.env,
      cwd: shell.cwd,
      home: context.home,
      keepArguments: options.keepArguments === true,
    },
    systems,
    inUse: new Set(connections.flatMap(({ entries }) => entries.map(({ system }) => system))),
    ask: (words) => asked(context, words),
  })
  const run: Run = { context, control, client, agent, options, terms, until, outcomes: [] }
  if (options.dryRun === true) return dry(run, planned)
  await settle(run, planned)
}

interface Run {
  readonly context: Context
  readonly control: Control
  readonly client: Client
  readonly agent: string
  readonly options: ConnectOptions
  readonly terms: SystemTerms
  readonly until: string | undefined
  readonly outcomes: Outcome[]
}

async function asked({ shell, asking }: Context, words: string): Promise<string | undefined> {
  // A yes beforehand is no value.
  if (!canAsk(shell, asking)) return undefined
  const value = await askSecret(shell, `Value of ${words}`)
  return value === '' ? undefined : value
}

function outcomesOf({ file, entries }: PlannedFile): Outcome[] {
  return entries.map(({ name, fate, system, why }) => ({
    file: file.path,
    server: name,
    state: fate === 'connect' ? 'connected' : fate === 'ours' ? 'already' : 'left',
    ...(system !== undefined && { system }),
    ...(why !== undefined && { why }),
  }))
}

function dry({ context, client, agent }: Run, planned: readonly PlannedFile[]): void {
  const { screen } = context
  const files = planned.map((one) => ({
    ...one,
    after: rewritten(one, one.entries, { client, home: context.home, agent }),
  }))
  const servers = planned.flatMap(outcomesOf)
  screen.answer({ client: client.name, agent, servers, changed: false }, (surface) =>
    drawPlan(files, surface),
  )
  screen.say('nothing was started and nothing was changed: --dry-run')
}

/** The text of a file with these entries going through us. */
function rewritten(
  { document, place }: PlannedFile,
  entries: readonly PlannedEntry[],
  of: { readonly client: Client; readonly home: string; readonly agent: string },
): string {
  const values = new Map(
    document.entries(place.containers).map((entry) => [entry.place.join('\0'), entry.value]),
  )
  return document.rewrite(
    entries.flatMap((entry) => {
      const value = values.get(entry.place.join('\0'))
      if (entry.fate !== 'connect' || entry.system === undefined || value === undefined) return []
      return [entryChange(entry, value, { ...of, system: entry.system })]
    }),
  )
}

/**
 * Starts one server. A program that does not start in its sandbox is started without one where a person who is there says so; a yes
 * beforehand is none to that.
 */
async function lookedAt({ context, control, terms }: Run, entry: PlannedEntry): Promise<Looked> {
  const { shell, asking, screen } = context
  const { name, system = '', transport } = entry
  screen.say(`looking at ${name}`)
  try {
    return await lookAt(control, entry, terms)
  } catch (error) {
    const open = terms.unsandboxed.has(system) || terms.unsandboxed.has('*')
    if (transport?.kind !== 'stdio' || open || !canAsk(shell, asking) || asking.yes) throw error
    screen.say(troubleOf(error))
    const question = `${name} did not start in a sandbox. Run it without one, as it ran until now?`
    const answers = [
      ['no', 'no: leave it as it is'],
      ['yes', 'yes'],
    ] as const
    if ((await choose(shell, question, answers, 'no')) === 'no') throw error
    return lookAt(control, entry, { ...terms, unsandboxed: new Set([system]) })
  }
}

/** What keeps a server from being taken, and what would help. */
function whyLeft({ system = '', transport }: PlannedEntry, error: unknown): string {
  const why = `it could not be looked at: ${troubleOf(error)}`
  if (transport?.kind !== 'stdio') return why
  return `${why}; if it needs the network say --network ${system}=HOST, if more of this machine --unsandboxed ${system}`
}

/** Starts each server once; one that does not start stays as it is. */
async function lookAtAll(
  run: Run,
  planned: readonly PlannedFile[],
): Promise<{
  readonly files: readonly PlannedFile[]
  readonly looked: ReadonlyMap<string, Looked>
}> {
  const looked = new Map<string, Looked>()
  const failed = new Map<string, string>()
  const files: PlannedFile[] = []
  for (const file of planned) {
    const entries: PlannedEntry[] = []
    for (const entry of file.entries) {
      const { name, place, fate, system = '' } = entry
      if (fate === 'connect' && !looked.has(system) && !failed.has(system)) {
        try {
          looked.set(system, await lookedAt(run, entry))
        } catch (error) {
          failed.set(system, whyLeft(entry, error))
        }
      }
      const why = fate === 'connect' ? failed.get(system) : undefined
      entries.push(why === undefined ? entry : { name, place, fate: 'left', why })
    }
    files.push({ ...file, entries })
  }
  return { files, looked }
}

async function settle(run: Run, planned: readonly PlannedFile[]): Promise<void> {
  const { context, control, client, agent, options, outcomes } = run
  const { screen, shell, asking } = context
  const { files, looked } = await lookAtAll(run, planned)
  const of = { client, home: context.home, agent }
  const plans = files.map((one) => ({ ...one, after: rewritten(one, one.entries, of) }))
  const some = looked.size > 0
  screen.show(drawFound([...looked.values()], screen.talk) + drawPlan(plans, screen.talk))
  if (some || options.hooks === true) {
    const words = some
      ? `Put ${looked.size} servers of ${client.title} behind Bailiwick, as ${agent}?`
      : `Ask before the tools of ${client.title}?`
    await confirm(shell, asking, words)
  }
  const reason = options.reason ?? REASON
  const made =
    some || options.hooks === true
      ? await connectedAgent(control, { name: agent, client, until: run.until, reason })
      : undefined
  for (const one of looked.values()) await pin(control, one, reason)
  for (const plan of plans) {
    await writeFile(run, plan)
    outcomes.push(...outcomesOf(plan))
  }
  const hooks =
    options.hooks === true
      ? await connectHooks(context, control, { client: client.name, agent, reason })
      : undefined
  const { policies } = await control.get('/v1/status', Status)
  const unruled = policies === null
  finish(run, { made, looked: [...looked.values()], files: plans, hooks, unruled })
  const left = outcomes.filter(({ state }) => state === 'left').length
  if (left > 0 && looked.size === 0 && hooks === undefined) {
    throw fault('connect.left', `none of ${left} servers could be put behind Bailiwick`)
  }
}

/** Seals what a file was, and then changes it. A crash between the two leaves a connection whose file says that it is as it was. */
async function writeFile(
  { context, control, client, agent }: Run,
  { file, entries, after }: PlannedFile & { readonly after: string },
): Promise<void> {
  const ours = entries.filter(({ fate }) => fate === 'connect')
  if (ours.length === 0 || file.bytes === undefined) return
  const bytes = bytesOf(file, after)
  const body: NewConnection = {
    client: client.name,
    agent,
    path: file.path,
    part: 'servers',
    before: base64url(file.bytes),
    after: digest(bytes),
    entries: ours.map(({ place, system }) => ({ place: [...place], system: system! })),
    exposed: ours.flatMap(({ system, values }) =>
      [...(values ?? [])]
        .filter(([, moved]) => moved.exposed)
        .map(([name]) => ({ system: system!, name })),
    ),
  }
  await replaceConfig(file, bytes, {
    entropy: context.shell.entropy,
    before: () => control.send('POST', '/v1/connections', body, Connection),
  })
}

function finish(
  { context, client, agent, outcomes }: Run,
  of: {
    readonly made: ConnectedAgent | undefined
    readonly looked: readonly Looked[]
    readonly files: readonly (PlannedFile & { readonly after: string })[]
    readonly hooks: string | undefined
    readonly unruled: boolean
  },
): void {
  const { screen } = context
  const answer = {
    client: client.name,
    agent,
    observed_until: of.made?.agent.observe?.until ?? null,
    servers: outcomes,
    hooks: of.hooks ?? null,
    changed: of.looked.length > 0 || of.hooks !== undefined,
  }
  screen.answer(answer, (surface) =>
    tellAfter({ ...of, client, agent, outcomes }, surface, screen.now),
  )
}
