// Holds signed notes: a text, a blank line, and a line for each signature (C2SP signed-note).

import { fromBase64, hex, type Bytes } from './bytes.ts'
import { holds, KEY_NAME, timeOf, type Key } from './key.ts'
import { Stopped } from './step.ts'

/** UTF-16 units of a note, and its signatures: more is refused before anything is verified. */
const LENGTH_MAX = 1_000_000
const SIGNATURES_MAX = 100

const KEY_ID_BYTES = 4
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/

/** A signature that was verified. */
export interface Signature {
  readonly name: string
  readonly id: string
  readonly kind: 'log' | 'witness'
  /** Seconds since the epoch at which a witness says that it signed. */
  readonly time?: number
}

interface Line {
  readonly name: string
  readonly id: string
  readonly signature: Bytes
}

function readLine(line: string): Line {
  const [dash, name = '', encoded = '', ...more] = line.split(' ')
  const bytes = fromBase64(encoded)
  const shaped = dash === '\u2014' && KEY_NAME.test(name) && more.length === 0
  if (!shaped || bytes === undefined || bytes.length <= KEY_ID_BYTES) {
    throw new Stopped('signature', 'a line of the checkpoint is not a signature')
  }
  const signature = bytes.slice(KEY_ID_BYTES)
  return { name, id: hex(bytes.subarray(0, KEY_ID_BYTES)), signature }
}

/** Reads a note without a judgement of its signatures. Throws `Stopped` at `signature`. */
function readNote(note: string): { readonly text: string; readonly lines: readonly Line[] } {
  const gap = note.lastIndexOf('\n\n')
  const last = note.slice(gap + 2)
  const text = note.isWellFormed() && !CONTROL.test(note)
  if (note.length > LENGTH_MAX || gap < 0 || !last.endsWith('\n') || !text) {
    throw new Stopped('signature', 'the checkpoint is not a signed note')
  }
  const lines = last.slice(0, -1).split('\n')
  if (lines.length > SIGNATURES_MAX) {
    throw new Stopped('signature', 'the checkpoint has too many signatures')
  }
  return { text: note.slice(0, gap + 1), lines: lines.map(readLine) }
}

/**
 * Opens a note by the keys that are known. Signatures of others say nothing; one that carries a known name and key id and does not
 * verify refuses the whole note. Throws `Stopped` at `signature`.
 */
export async function openNote(
  note: string,
  keys: readonly Key[],
): Promise<{ readonly text: string; readonly signatures: readonly Signature[] }> {
  const { text, lines } = readNote(note)
  const signatures: Signature[] = []
  for (const { name, id, signature } of lines) {
    const known = keys.filter((key) => key.name === name && key.id === id)
    if (known.length === 0) continue
    const verdicts = await Promise.all(known.map((key) => holds(key, text, signature)))
    const key = known[verdicts.indexOf(true)]
    if (key === undefined) {
      throw new Stopped('signature', `the signature of ${name} does not verify`)
    }
    if (signatures.some((one) => one.name === name && one.id === id)) continue
    const time = key.kind === 'witness' ? timeOf(signature) : undefined
    signatures.push({ name, id, kind: key.kind, ...(time !== undefined && { time }) })
  }
  return { text, signatures }
}
