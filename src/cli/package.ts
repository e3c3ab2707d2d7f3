// Holds the version of this program, as its package says.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isObject, parseJson } from '../std/json.ts'

/** Version of the package that this file is part of. */
export function packageVersion(): string {
  const path = fileURLToPath(new URL('../../package.json', import.meta.url))
  const tree = parseJson(readFileSync(path))
  const version = isObject(tree) ? tree['version'] : undefined
  if (typeof version !== 'string') throw new TypeError(`${path} names no version`)
  return version
}
