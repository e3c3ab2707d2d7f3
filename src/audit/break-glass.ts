// Holds what says that the record goes to another folder for a time: a file in the home, written by whoever breaks the glass.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { isObject, parseJson } from '../std/json.ts'

/** A break-glass that is in force, or whose records are not all in the log. */
export interface BreakGlass {
  /** Absolute path of the folder that holds the segments. */
  readonly folder: string
}

/** The break-glass of a home; undefined where there is none. */
export function readBreakGlass(home: string): BreakGlass | undefined {
  const path = join(home, 'break-glass.json')
  if (!existsSync(path)) return undefined
  const json = parseJson(readFileSync(path))
  return isObject(json) && typeof json['folder'] === 'string'
    ? { folder: json['folder'] }
    : undefined
}
