// Holds where segments are: in the spool's folder, and in folders of break-glasses that are not all in the log yet.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { utf8 } from '../std/bytes.ts'
import { canonicalJson, isObject, parseJson, type Json, type JsonObject } from '../std/json.ts'
import { parseBreakGlass, type BreakGlass } from './break-glass.ts'
import { replaceDurable } from './durable-file.ts'
import { fault } from './faults.ts'
import { parseSegmentName, segmentName } from './segment.ts'

/**
 * A folder that records went to, with what asked for it and what of it is on record. Whoever asks writes `break-glass.json`; this is what
 * became of it, written by the process on this home alone, before the first record goes there.
 */
export interface Place extends BreakGlass {
  readonly begun: boolean
  readonly ended: boolean
}

/** Folders at once: one is in use, the others wait for the log. */
const PLACES_MAX = 16

function fileOf(directory: string): string {
  return join(directory, 'elsewhere.json')
}

/** The folders beside a spool's own, the oldest first. Throws `audit.corrupt`: where records are is never guessed. */
export function readPlaces(directory: string): Place[] {
  const path = fileOf(directory)
  if (!existsSync(path)) return []
  let json: Json
  try {
    json = parseJson(readFileSync(path))
  } catch (cause) {
    throw fault('audit.corrupt', 'spool/elsewhere.json cannot be read', cause)
  }
  const places = isObject(json) && Array.isArray(json['places']) ? json['places'] : [null]
  return places.map((place) => {
    const found = isObject(place) ? placeOf(place) : undefined
    if (found !== undefined) return found
    throw fault('audit.corrupt', 'spool/elsewhere.json does not say what it has to')
  })
}

/** Says, durably, which folders there are beside a spool's own. Throws `audit.break_glass` for more than there may be. */
export function writePlaces(directory: string, places: readonly Place[]): void {
  if (places.length > PLACES_MAX) {
    throw fault('audit.break_glass', 'records of too many earlier ones wait for the log')
  }
  const kept = places.map(({ id, to, at, until, reason, by, begun, ended }) => {
    return { id, to, at, until, reason, by, begun, ended }
  })
  replaceDurable(fileOf(directory), utf8(canonicalJson({ places: kept })))
}

/**
 * The file of a segment: where it is, or where it would be. Where several folders have one of this number, that of the newest break-glass
 * counts: the other was being begun when its disk failed, and nothing in it was acknowledged.
 */
export function segmentPath(directory: string, segment: number): string {
  const name = segmentName(segment)
  const there = readPlaces(directory).findLast(({ folder }) => existsSync(join(folder, name)))
  return join(there?.folder ?? directory, name)
}

/** Numbers of the segments that are there, in order. Throws `audit.corrupt` where a folder is gone: its records are part of the one chain. */
export function presentSegments(directory: string): number[] {
  const names = readdirSync(directory)
  for (const { folder } of readPlaces(directory)) names.push(...namesIn(folder))
  const numbers = new Set(names.map(parseSegmentName).filter((n) => n !== undefined))
  return [...numbers].sort((a, b) => a - b)
}

/** Whether a folder has segments. Throws `audit.corrupt` where it is gone. */
export function holdsSegments(folder: string): boolean {
  return namesIn(folder).some((name) => parseSegmentName(name) !== undefined)
}

/** Removes a segment, wherever there is a file of its number. */
export function removeSegment(directory: string, segment: number): void {
  const name = segmentName(segment)
  for (const { folder } of readPlaces(directory)) rmSync(join(folder, name), { force: true })
  rmSync(join(directory, name), { force: true })
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    throw fault(
      'audit.corrupt',
      `${folder} holds records of a break-glass and cannot be read`,
      cause,
    )
  }
}

function placeOf({ begun, ended, ...rest }: JsonObject): Place | undefined {
  const found = parseBreakGlass({ v: 1, ...rest })
  if (found === undefined || typeof begun !== 'boolean' || typeof ended !== 'boolean') {
    return undefined
  }
  return { ...found, begun, ended }
}
