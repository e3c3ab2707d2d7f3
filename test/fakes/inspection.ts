// Holds inspections for tests: of a call that nobody made, with the secrets, obligations and labels that a test names.

import type { Decision } from '../../src/wire/decision.ts'
import type { Obligations } from '../../src/wire/obligation.ts'
import { isDenial } from '../../src/gateway/denial.ts'
import { openInspection, type Inspection } from '../../src/gateway/inspect/inspection.ts'
import type { JsonObject } from '../../src/std/json.ts'
import type { ActionDefinition } from '../../src/wire/system.ts'

/** A secret with what every encoding writes differently. */
export const SECRET = 'hunter2-Secret/42+"q"'

/** What an inspection is opened with. */
export interface Opened {
  readonly secrets?: readonly string[]
  readonly obligations?: Obligations
  readonly labels?: readonly string[]
}

const DECISION: Decision = {
  answer: 'allow',
  parties: [],
  gates: [],
  policySet: 'sha256:none',
  reason: 'every party allows this call',
}

/** Opens one. */
export function inspectionOf({ secrets = [SECRET], obligations, labels }: Opened = {}): Inspection {
  const action: ActionDefinition = {
    name: 'read',
    inputSchema: {},
    effects: ['read'],
    digest: 'sha256:action',
    ...(labels !== undefined && { labels }),
  }
  const decision: Decision = { ...DECISION, ...(obligations !== undefined && { obligations }) }
  return openInspection({ action, decision }, { secrets })
}

/** One text, looked at. */
export function seen(text: string, opened: Opened = {}): string {
  return inspectionOf(opened).text(text)
}

/** A tree, looked at; throws where it is refused. */
export function seenTree(tree: JsonObject, opened: Opened = {}): JsonObject {
  const looked = inspectionOf(opened).tree(tree)
  if (isDenial(looked)) throw new Error(`refused: ${looked.code}`)
  return looked.value
}

/** A body in pieces: what passed, and why no more did. */
export function streamed(
  chunks: readonly Buffer[],
  contentType: string | undefined,
  opened: Opened = {},
): { readonly passed: Buffer; readonly code: string | undefined } {
  const stream = inspectionOf(opened).stream(contentType, { maxBytes: 67_108_864 })
  const out = chunks.map((chunk) => stream.push(chunk))
  out.push(stream.end())
  return { passed: Buffer.concat(out), code: stream.denial?.code }
}

/** Bytes in pieces of the sizes that come round. */
export function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const out: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
    out.push(bytes.subarray(at, at + size))
    at += size
  }
  return out
}
