// Holds the reading of a document that describes a system: JSON as it stands, YAML as the JSON that it says.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { fault } from '../faults.ts'

/** What the server takes (bytes). */
const MOST_BYTES = 10_485_760

const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => unknown }

/** The text of the document as JSON. Throws `cli.file`. */
export function documentText(cwd: string, file: string): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(resolve(cwd, file)))
  } catch (cause) {
    throw fault('cli.file', `${file} cannot be read as UTF-8 text`, cause)
  }
  const json = /\.ya?ml$/i.test(file) ? fromYaml(text, file) : text
  if (Buffer.byteLength(json) <= MOST_BYTES) return json
  throw fault('cli.file', `${file} is larger than ${MOST_BYTES / 1_048_576} MiB`)
}

/** Integers keep their digits, whatever their size; anchors cannot be made to grow. */
function fromYaml(text: string, file: string): string {
  let tree: unknown
  try {
    tree = parse(text, { intAsBigInt: true, maxAliasCount: 100, logLevel: 'error' })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : ''
    throw fault('cli.file', `${file} is no YAML: ${why}`, cause)
  }
  const json = JSON.stringify(tree, (_, value: unknown) =>
    typeof value === 'bigint' ? rawJSON(value.toString()) : value,
  ) as string | undefined
  return json ?? 'null'
}
