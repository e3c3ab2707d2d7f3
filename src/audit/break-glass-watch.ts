// Holds the break-glass of a running process: it takes one up, ends it in time, and forgets it once its records are in the log.

import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { rfc3339 } from '../std/clock.ts'
import type { JsonObject } from '../std/json.ts'
import { isOurs, readBreakGlass, type BreakGlass } from './break-glass.ts'
import { makeDirectory, syncDirectory } from './durable-file.ts'
import { parseSegmentName } from './segment.ts'

/** What the people who look at this process should see. */
export interface BreakGlassView {
  readonly to: string
  readonly reason: string
  /** ms since the epoch. */
  readonly until: number
  /** Records go there at this moment; false while what went there is not in the log yet. */
  readonly open: boolean
  /** Why it could not be begun, or ended; absent while all is well. */
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

/** Watches the one file. Nothing of it is kept here: a crash at any moment finds the same file and goes on from it. */
export class BreakGlassWatch {
  readonly #parts: BreakGlassParts
  readonly #spool: string
  #view: BreakGlassView | undefined
  #looking: Promise<void> | undefined
  /** Id of the one whose beginning, and whose end, this process has recorded. */
  #begun: string | undefined
  #ended: string | undefined

  constructor(parts: BreakGlassParts) {
    this.#parts = parts
    this.#spool = join(parts.home, 'spool')
  }

  /** What there is to see; undefined where there is none. */
  get view(): BreakGlassView | undefined {
    return this.#view
  }

  /** Looks at the file and does what it says. Never rejects; one at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) =>
        this.#trouble(error instanceof Error ? error.message : String(error)),
      )
      .finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #look(): Promise<void> {
    const found = readBreakGlass(this.#parts.home)
    if (found === undefined) {
      this.#view = undefined
      return
    }
    if (found.until > this.#parts.now()) await this.#begin(found)
    else await this.#end(found)
  }

  async #begin(found: BreakGlass): Promise<void> {
    if (this.#parts.directory() !== found.folder) {
      const refused = whyNot(found)
      if (refused === undefined) makeDirectory(found.folder)
      const problem = refused ?? (await this.#parts.move(found.folder))
      if (problem !== undefined) return this.#show(found, false, problem)
    }
    this.#show(found, true)
    if (this.#begun === found.id) return
    this.#begun = found.id
    await this.#record('begun', found)
  }

  /** Records go home first; the folder is given up once nothing of it is left to be read. */
  async #end(found: BreakGlass): Promise<void> {
    if (this.#parts.directory() === found.folder) {
      const problem = await this.#parts.move(this.#spool)
      if (problem !== undefined) return this.#show(found, true, problem)
    }
    this.#show(found, false)
    if (this.#ended !== found.id) {
      await this.#record('ended', found)
      this.#ended = found.id
    }
    if (holdsSegments(found.folder)) return
    rmSync(found.folder, { recursive: true, force: true })
    rmSync(join(this.#parts.home, 'break-glass.json'), { force: true })
    syncDirectory(this.#parts.home)
    this.#view = undefined
  }

  #record(state: 'begun' | 'ended', { id, to, until, reason, by }: BreakGlass): Promise<unknown> {
    const body = { state, break_glass: id, to, until: rfc3339(until), reason, by }
    return this.#parts.record(body)
  }

  #show({ to, reason, until }: BreakGlass, open: boolean, problem?: string): void {
    this.#view = { to, reason, until, open, ...(problem === undefined ? {} : { problem }) }
  }

  #trouble(problem: string): void {
    const { to = '', reason = '', until = 0, open = false } = this.#view ?? {}
    this.#view = { to, reason, until, open, problem }
  }
}

/** Why a folder is not taken; undefined where it is one that nobody else can write into. */
export function whyNot({ to }: Pick<BreakGlass, 'to'>): string | undefined {
  const stat = lstatSync(to, { throwIfNoEntry: false })
  if (stat?.isDirectory() !== true) return 'the folder is not there'
  return isOurs(stat) ? undefined : 'the folder can be written by other accounts'
}

function holdsSegments(folder: string): boolean {
  return (
    existsSync(folder) && readdirSync(folder).some((name) => parseSegmentName(name) !== undefined)
  )
}
