// Holds the break-glass of a running process: it takes one up, ends it in time, and gives its folder up once its records are in the log.

import { existsSync, lstatSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { rfc3339 } from '../std/clock.ts'
import { publicFault } from '../std/fault.ts'
import type { JsonObject } from '../std/json.ts'
import { isOurs, readBreakGlass, removeBreakGlass, type BreakGlass } from './break-glass.ts'
import { makeDirectory } from './durable-file.ts'
import { holdsSegments, readPlaces, writePlaces, type Place } from './spool-places.ts'

/** What the people who look at this process should see. */
export interface BreakGlassView {
  readonly to: string
  readonly reason: string
  /** ms since the epoch. */
  readonly until: number
  /** Records go there at this moment; false while what went there is not in the log yet. */
  readonly open: boolean
  /** Why it could not be begun, or ended, or read; absent while all is well. */
  readonly problem?: string
}

/** What the watch works on. */
export interface BreakGlassParts {
  readonly home: string
  readonly now: () => number
  /** The folder that records go to. */
  readonly directory: () => string
  /** Makes records go to another folder; gives why not. */
  readonly move: (directory: string) => Promise<string | undefined>
  /** Appends `audit.break_glass`. */
  readonly record: (body: JsonObject) => Promise<unknown>
}

/** What is asked for; or why nobody knows. */
interface Asked {
  readonly found?: BreakGlass
  readonly problem?: string
}

/**
 * Watches `break-glass.json`. Whatever it says, records go on to where they go: a request that cannot be read, or met, is a trouble to
 * show and nothing else. What was done about one stands in the spool's `elsewhere.json`: a crash at any moment goes on from there.
 */
export class BreakGlassWatch {
  readonly #parts: BreakGlassParts
  readonly #spool: string
  #view: BreakGlassView | undefined
  #looking: Promise<void> | undefined
  /** The trouble that is on record: each once. */
  #told: string | undefined

  constructor(parts: BreakGlassParts) {
    this.#parts = parts
    this.#spool = join(parts.home, 'spool')
  }

  /** What there is to see; undefined where there is nothing. */
  get view(): BreakGlassView | undefined {
    return this.#view
  }

  /** Looks at the file and does what it says. Never rejects; one at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#show(undefined, false, wordsOf(error)))
      .finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #look(): Promise<void> {
    const asked = ask(this.#parts.home)
    const now = this.#parts.now()
    const open = this.#open()
    // Who cannot be understood ends nothing: what is open lasts as long as was said when it was begun.
    const wanted = asked.problem === undefined ? asked.found : open
    const problem =
      wanted !== undefined && wanted.until > now ? await this.#begin(wanted) : await this.#goHome()
    await this.#tidy(wanted !== undefined && wanted.until > now ? wanted.id : undefined)
    const trouble = problem ?? asked.problem
    this.#show(this.#open() ?? asked.found ?? readPlaces(this.#spool).at(-1), now, trouble)
    await this.#tell(trouble, asked.found)
  }

  /** The place that records go to, unless that is the spool's own folder. */
  #open(): Place | undefined {
    const directory = this.#parts.directory()
    return readPlaces(this.#spool).find(({ folder }) => folder === directory)
  }

  /** Makes records go there; gives why not. */
  async #begin(wanted: BreakGlass): Promise<string | undefined> {
    if (this.#parts.directory() !== wanted.folder) {
      const refused = prepare(this.#spool, wanted) ?? (await this.#parts.move(wanted.folder))
      if (refused !== undefined) return refused
    }
    const place = this.#open()
    if (place === undefined || place.begun) return undefined
    await this.#record('begun', place)
    this.#note(place.id, { begun: true })
    return undefined
  }

  async #goHome(): Promise<string | undefined> {
    return this.#open() === undefined ? undefined : this.#parts.move(this.#spool)
  }

  /** Folders that nothing goes to any more: their end is recorded, and they are given up once nothing of them is left to be read. */
  async #tidy(wanted: string | undefined): Promise<void> {
    const directory = this.#parts.directory()
    for (const place of readPlaces(this.#spool)) {
      if (place.folder === directory || place.id === wanted) continue
      if (place.begun && !place.ended) {
        await this.#record('ended', place)
        this.#note(place.id, { ended: true })
      }
      if (holdsSegments(place.folder)) continue
      // Forgotten first: a folder that is remembered and gone would be records that are gone. One that a crash leaves holds none.
      const rest = readPlaces(this.#spool).filter(({ id }) => id !== place.id)
      writePlaces(this.#spool, rest)
      rmSync(place.folder, { recursive: true, force: true })
    }
    const { found } = ask(this.#parts.home)
    const waits = readPlaces(this.#spool).some(({ id }) => id === found?.id)
    if (found !== undefined && found.id !== wanted && !waits) removeBreakGlass(this.#parts.home)
  }

  #note(id: string, change: Partial<Place>): void {
    const places = readPlaces(this.#spool)
    writePlaces(
      this.#spool,
      places.map((place) => (place.id === id ? { ...place, ...change } : place)),
    )
  }

  #record(state: 'begun' | 'ended', { id, to, until, reason, by }: BreakGlass): Promise<unknown> {
    const body = { state, break_glass: id, to, until: rfc3339(until), reason, by }
    return this.#parts.record(body)
  }

  /** A request that is not met is on record as well. */
  async #tell(problem: string | undefined, found: BreakGlass | undefined): Promise<void> {
    if (problem === this.#told) return
    this.#told = problem
    if (problem === undefined) return
    const body = {
      state: 'refused',
      problem,
      ...(found !== undefined && { break_glass: found.id }),
    }
    await this.#parts.record(body).catch(() => (this.#told = undefined))
  }

  #show(place: BreakGlass | undefined, now: number | false, problem?: string): void {
    if (place === undefined && problem === undefined) {
      this.#view = undefined
      return
    }
    const { to = '', reason = '', until = 0 } = place ?? {}
    const open = now !== false && this.#parts.directory() === place?.folder
    this.#view = { to, reason, until, open, ...(problem === undefined ? {} : { problem }) }
  }
}

/**
 * The folder that records are to go to from the start of a process on, made ready: that of a break-glass that lasts, so that a start does
 * not have to write to a disk that takes nothing. Undefined where it is the spool's own.
 */
export function firstPlace(home: string, now: number): string | undefined {
  const spool = join(home, 'spool')
  const { found, problem } = ask(home)
  const wanted = problem === undefined ? found : readPlaces(spool).at(-1)
  if (wanted === undefined || wanted.until <= now) return undefined
  try {
    return prepare(spool, wanted) === undefined ? wanted.folder : undefined
  } catch {
    // The watch tries it again, and shows why it cannot.
    return undefined
  }
}

/** Why a folder is not taken; undefined where it is one that nobody else can write into. */
export function whyNot({ to }: Pick<BreakGlass, 'to'>): string | undefined {
  const stat = lstatSync(to, { throwIfNoEntry: false })
  if (stat?.isDirectory() !== true) return 'the folder is not there'
  return isOurs(stat) ? undefined : 'the folder can be written by other accounts'
}

/** Makes a folder and remembers it, in this order: every folder that is remembered exists. Gives why not. */
function prepare(spool: string, wanted: BreakGlass): string | undefined {
  const refused = whyNot(wanted)
  if (refused !== undefined) return refused
  const places = readPlaces(spool)
  if (places.some(({ id }) => id === wanted.id)) {
    return existsSync(wanted.folder) ? undefined : 'its folder is gone'
  }
  makeDirectory(wanted.folder)
  writePlaces(spool, [...places, { ...wanted, begun: false, ended: false }])
  return undefined
}

function ask(home: string): Asked {
  try {
    const found = readBreakGlass(home)
    return found === undefined ? {} : { found }
  } catch (error) {
    return { problem: wordsOf(error) }
  }
}

function wordsOf(error: unknown): string {
  const { code, detail } = publicFault(error)
  return code === 'internal' && error instanceof Error ? error.message : detail
}
