// Holds the reading of a small text file that a person named.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Context } from './context.ts'
import { fault } from './faults.ts'

/** Characters of a file that is taken. */
const MAX_FILE = 65_536

/** The text of a file, by its path from where the person is. Throws `cli.file`. */
export function textFile(context: Context, file: string): string {
  const path = resolve(context.shell.cwd, file)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw fault('cli.file', `${path} cannot be read`, cause)
  }
  if (text.length > MAX_FILE) throw fault('cli.file', `${path} is too large`)
  return text
}
