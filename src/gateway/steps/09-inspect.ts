// Holds the ninth step: what came back is looked at before the agent sees it (INV-3).

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { deny, type Denial } from '../denial.ts'
import type { UpstreamAnswer } from '../upstream/session.ts'

/** Values shorter than this are no secrets worth cutting: they would hit ordinary text. */
const SECRET_LENGTH = 6

/** What a secret is replaced with. */
export const CUT = '[secret removed by bailiwick]'

/** Every form of the secrets that is cut out: as it is, and as base64, base64url, hex and URL encoding write it. */
export function secretForms(secrets: readonly string[]): string[] {
  const forms = new Set<string>()
  for (const value of secrets) {
    if (value.length < SECRET_LENGTH) continue
    const bytes = Buffer.from(value, 'utf8')
    const escaped = JSON.stringify(value).slice(1, -1)
    for (const form of [
      value,
      escaped,
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      encodeURIComponent(value),
    ]) {
      forms.add(form)
    }
  }
  // Longest first, so that a form that holds another is cut whole.
  return [...forms].sort((a, b) => b.length - a.length)
}

function cutText(text: string, forms: readonly string[]): string {
  let out = text
  for (const form of forms) if (out.includes(form)) out = out.replaceAll(form, CUT)
  return out
}

/** Cuts secrets out of every text and key of a tree. The same tree comes back where there is nothing to cut. */
export function cutSecrets<T extends Json>(value: T, forms: readonly string[]): T {
  return forms.length === 0 ? value : (cut(value, forms) as T)
}

function cut(value: Json, forms: readonly string[]): Json {
  if (typeof value === 'string') return cutText(value, forms)
  if (Array.isArray(value)) return value.map((entry) => cut(entry, forms))
  if (!isObject(value)) return value
  const out = Object.create(null) as JsonObject
  for (const key of Object.keys(value)) out[cutText(key, forms)] = cut(value[key]!, forms)
  return out
}

/** What is left for the agent: a tool result or the upstream's own error, without secrets; a denial where it is neither. */
export function inspect(
  answer: UpstreamAnswer,
  secrets: readonly string[],
): UpstreamAnswer | Denial {
  const forms = secretForms(secrets)
  if (answer.kind === 'error') {
    const { code, message } = answer.error
    return { kind: 'error', error: { code, message: cutText(message, forms).slice(0, 4096) } }
  }
  const { result } = answer
  if (result['resultType'] === 'input_required') {
    return deny('upstream.asks_input', 'the system asks for input before it answers')
  }
  if (!Array.isArray(result['content']) && !isObject(result['structuredContent'])) {
    return deny('upstream.bad_answer', 'the system answered with what is no tool result')
  }
  return { kind: 'result', result: cutSecrets(result, forms) }
}
