// Holds the reading of a document that describes a system: JSON as it stands, YAML as the JSON that it says.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'

/** What the server takes (bytes). */
const MOST_BYTES = 10_485_760

const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => unknown }

/** How long a document may take to come (ms). */
const FETCH_MS = 20_000

/** The text of a document as JSON: of a file, or of an https URL, which leads nowhere else. Throws `cli.file`. */
export async function documentFrom(context: Context, place: string): Promise<string> {
  if (!/^https?:\/\//i.test(place)) return documentText(context.shell.cwd, place)
  if (!/^https:/i.test(place)) throw fault('cli.file', 'a document is fetched by https alone')
  let text: string
  try {
    const signal = AbortSignal.timeout(FETCH_MS)
    const answer = await fetch(place, { redirect: 'error', signal })
    if (!answer.ok || answer.body === null) {
      throw new Error(`it answered ${answer.status}`)
    }
    text = await bounded(answer.body)
  } catch (cause) {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    throw fault('cli.file', `the document cannot be fetched${why}`, cause)
  }
  return jsonOf(text, new URL(place).pathname)
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES / 1_048_576} MiB`)
    chunks.push(chunk)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}

/** JSON as it stands; what is no JSON is YAML. */
function jsonOf(text: string, file: string): string {
  const json = /^\s*[{[]/.test(text) ? text : fromYaml(text, file)
  if (Buffer.byteLength(json) <= MOST_BYTES) return json
  throw fault('cli.file', `${file} is larger than ${MOST_BYTES / 1_048_576} MiB`)
}

/** The text of the document as JSON. Throws `cli.file`. */
function documentText(cwd: string, file: string): string {
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
