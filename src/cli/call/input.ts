// Holds reading a call's arguments: from the command line, or from standard input.

import { isObject, parseJson, type Json, type JsonObject } from '../../std/json.ts'
import { publicFault } from '../../std/fault.ts'
import { utf8 } from '../../std/bytes.ts'
import { fault } from '../faults.ts'
import type { Shell } from '../shell.ts'
import { wholeInput } from '../whole-input.ts'

/** The arguments as an object; `-` reads standard input, nothing means none. Throws `cli.usage`. */
export async function readInput(text: string | undefined, shell: Shell): Promise<JsonObject> {
  if (text === undefined) return {}
  const bytes = text === '-' ? await wholeInput(shell) : utf8(text)
  let tree: Json
  try {
    tree = parseJson(bytes)
  } catch (cause) {
    throw fault('cli.usage', `--json is not strict JSON: ${publicFault(cause).detail}`, cause)
  }
  if (!isObject(tree)) throw fault('cli.usage', '--json is no object of arguments')
  return tree
}
