// Holds the plan of `connect`: which files there are, what each of their entries is, and what it would become.

import { Fault } from '../../std/fault.ts'
import type { Json } from '../../std/json.ts'
import type { System } from '../../wire/api/system.ts'
import { bridgeArguments, PROGRAM } from './bridge-entry.ts'
import type { Client, ConfigPlace, Surroundings } from './clients.ts'
import { TRANSPORT_KEYS, type ConfigDocument, type EntryChange, type Place } from './document.ts'
import { readConfig, type ConfigFile } from './file.ts'
import { JsoncDocument } from './jsonc.ts'
import { envFileOf, readServer, type Moved, type Reached, type ReadScope } from './server-entry.ts'
import { SystemNames } from './system-name.ts'
import { TomlDocument } from './toml.ts'

/** One entry, and what is to become of it. */
export interface PlannedEntry {
  /** As the file calls it. */
  readonly name: string
  readonly place: Place
  /** `connect`: it becomes a system; `ours`: it is one already; `left`: it stays, and why. */
  readonly fate: 'connect' | 'ours' | 'left'
  readonly why?: string
  readonly system?: string
  readonly transport?: Reached
  readonly values?: ReadonlyMap<string, Moved>
  /** A file of variables that it names: its values are sealed, and it keeps them. */
  readonly envFile?: string
}

/** One file, and its entries. */
export interface PlannedFile {
  readonly place: ConfigPlace
  readonly file: ConfigFile
  readonly document: ConfigDocument
  readonly entries: readonly PlannedEntry[]
}

/** A file that cannot be read, and why. */
export interface BrokenFile {
  readonly path: string
  readonly trouble: Fault
}

/** Reads a text in the form of its place. Throws `connect.syntax`, naming the file. */
export function documentOf(form: ConfigPlace['form'], path: string, text: string): ConfigDocument {
  try {
    return form === 'toml' ? new TomlDocument(text) : new JsoncDocument(text)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw new Fault(error.code, error, `${path}: ${error.detail}`, error)
  }
}

/** One file that was read. */
export interface FoundFile {
  readonly place: ConfigPlace
  readonly file: ConfigFile
  readonly document: ConfigDocument
}

/** Reads the files of places that are there. One that stands at several places is one file; one that cannot be read is told. */
export function foundFiles(places: readonly ConfigPlace[]): {
  readonly found: readonly FoundFile[]
  readonly broken: readonly BrokenFile[]
} {
  const found = new Map<string, FoundFile>()
  const broken = new Map<string, BrokenFile>()
  for (const place of places) {
    try {
      const file = readConfig(place.path)
      if (file.bytes === undefined) continue
      const before = found.get(file.path)
      const containers = [...(before?.place.containers ?? []), ...place.containers]
      const document = before?.document ?? documentOf(place.form, file.path, file.text)
      found.set(file.path, { place: { ...place, path: file.path, containers }, file, document })
    } catch (trouble) {
      if (!(trouble instanceof Fault)) throw trouble
      broken.set(place.path, { path: place.path, trouble })
    }
  }
  return { found: [...found.values()], broken: [...broken.values()] }
}

/** What planning is done with. */
export interface PlanOptions {
  readonly client: Client
  readonly at: Surroundings
  readonly scope: Omit<ReadScope, 'client' | 'said'>
  readonly systems: readonly System[]
  /** Systems that other files go through. */
  readonly inUse: ReadonlySet<string>
  /** Asked for what no variable holds, each once; undefined where nobody knows. */
  readonly ask: (words: string) => Promise<string | undefined>
}

/** Plans every file. Nothing is changed, nothing is started. */
export async function planFiles(
  files: readonly FoundFile[],
  options: PlanOptions,
): Promise<readonly PlannedFile[]> {
  const names = new SystemNames(options.systems, options.inUse)
  const said = new Map<string, string>()
  const unknown = new Set<string>()
  const planned: PlannedFile[] = []
  for (const { place, file, document } of files) {
    const entries: PlannedEntry[] = []
    for (const { place: at, value } of document.entries(place.containers)) {
      entries.push(await planEntry({ at, value, names, said, unknown }, options))
    }
    planned.push({ place, file, document, entries })
  }
  return planned
}

async function planEntry(
  of: {
    readonly at: Place
    readonly value: Readonly<Record<string, Json>>
    readonly names: SystemNames
    readonly said: Map<string, string>
    readonly unknown: Set<string>
  },
  { client, scope, ask }: PlanOptions,
): Promise<PlannedEntry> {
  const { at, value, names, said, unknown } = of
  const entry = { name: at.at(-1) ?? '', place: at }
  for (;;) {
    const read = readServer(value, { ...scope, client: client.name, said })
    if (read.kind === 'wanting') {
      const words = read.words.find((one) => !unknown.has(one))
      const answer = words === undefined ? undefined : await ask(words)
      if (words !== undefined && answer !== undefined) {
        said.set(words, answer)
        continue
      }
      for (const one of read.words) unknown.add(one)
      const missing = read.words.map((one) => one.slice(0, 64)).join(', ')
      return { ...entry, fate: 'left', why: `nothing is known of ${missing}: set it and repeat` }
    }
    if (read.kind === 'left') return { ...entry, fate: 'left', why: read.why }
    if (read.kind === 'ours') return { ...entry, fate: 'ours', system: read.system }
    const { transport, values } = read
    const pairs = [...values].map(([name, moved]) => [name, moved.value] as const)
    const system = names.give(entry.name, transport, pairs)
    const envFile = envFileOf(value, scope.cwd)
    return {
      ...entry,
      fate: 'connect',
      system,
      transport,
      values,
      ...(envFile !== undefined && { envFile }),
    }
  }
}

/** What an entry becomes in its file: the same name, by way of us. */
export function entryChange(
  { place }: Pick<PlannedEntry, 'place'>,
  value: Readonly<Record<string, Json>>,
  of: {
    readonly client: Client
    readonly home: string
    readonly system: string
    readonly agent: string
  },
): EntryChange {
  const { client, home, system, agent } = of
  const set: [string, string | readonly string[]][] = [
    ['command', PROGRAM],
    ['args', bridgeArguments({ home, system, agent })],
  ]
  if (client.typed || value['type'] !== undefined) set.unshift(['type', 'stdio'])
  const kept = new Set(set.map(([key]) => key))
  const remove = Object.keys(value).filter((key) => TRANSPORT_KEYS.has(key) && !kept.has(key))
  return { place, remove, set }
}
