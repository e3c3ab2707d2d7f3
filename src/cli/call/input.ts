// Holds reading a call's arguments: from the command line, or from standard input.

import { isObject, parseJson, REQUEST_LIMITS, type Json, type JsonObject } from '../../std/json.ts'
import { publicFault } from '../../std/fault.ts'
import { utf8 } from '../../std/bytes.ts'
import { fault } from '../faults.ts'
import type { Shell } from '../shell.ts'

async function whole(input: Shell['stdin']): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of input as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > REQUEST_LIMITS.bytes) throw fault('cli.usage', 'the arguments are larger than 1 MB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The arguments as an object; `-` reads standard input, nothing means none. Throws `cli.usage`. */
export async function readInput(text: string | undefined, shell: Shell): Promise<JsonObject> {
  if (text === undefined) return {}
  const bytes = text === '-' ? await whole(shell.stdin) : utf8(text)
  let tree: Json
  try {
    tree = parseJson(bytes)
  } catch (cause) {
    throw fault('cli.usage', `--json is not strict JSON: ${publicFault(cause).detail}`, cause)
  }
  if (!isObject(tree)) throw fault('cli.usage', '--json is no object of arguments')
  return tree
}
