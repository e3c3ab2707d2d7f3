// Holds the ninth step: what came back is looked at before the agent sees it (INV-3).

import { isObject } from '../../std/json.ts'
import { deny, isDenial, type Denial } from '../denial.ts'
import type { Inspection } from '../inspect/inspection.ts'
import { resultProblem } from '../results.ts'
import type { UpstreamAnswer } from '../upstream/conversation.ts'
import type { Call } from '../call.ts'

/**
 * What is left for the agent of a tool's answer: its result or the upstream's own error, looked at; a denial where it is neither, where
 * it does not fit the output schema that was pinned, or where policy refuses what is in it.
 */
export function inspect(
  answer: UpstreamAnswer,
  { action }: Pick<Call, 'action'>,
  inspection: Inspection,
): UpstreamAnswer | Denial {
  if (answer.kind === 'error') {
    const { code, message } = answer.error
    // Cut first: what is left of a secret that was shortened would not be found.
    return { kind: 'error', error: { code, message: inspection.text(message).slice(0, 4096) } }
  }
  const { result } = answer
  if (result['resultType'] === 'input_required') {
    return deny('upstream.asks_input', 'the system asks for input before it answers')
  }
  if (!Array.isArray(result['content']) && !isObject(result['structuredContent'])) {
    return deny('upstream.bad_answer', 'the system answered with what is no tool result')
  }
  // As it came: what is taken out of it afterwards may well not fit, and is no fault of the system's.
  const problem = resultProblem(action, result)
  if (problem !== undefined) return deny('inspect.bad_schema', problem)
  const looked = inspection.tree(result)
  return isDenial(looked) ? looked : { kind: 'result', result: looked.value }
}
