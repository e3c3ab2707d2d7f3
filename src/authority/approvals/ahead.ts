// Holds what an agent asks for before it needs it: terms for its task and its own words, sealed in the approval that people answer.

import { base64url, fromBase64url, utf8 } from '../../std/bytes.ts'
import { canonicalJson, isObject, parseJson, type JsonObject } from '../../std/json.ts'
import type { Subjects } from '../../audit/side/subjects.ts'
import type { Approval } from '../../store/rows/approval.ts'
import { termsText, type TaskTerms } from '../../wire/amendment.ts'
import { termsOf } from './bounds.ts'

/** What an agent asks for before it needs it. */
export interface AheadAsk {
  readonly terms: TaskTerms
  /** Its own words: evidence for nobody. */
  readonly why: string
}

/** How it stands in the row. The subject has a key. */
export function keptAhead(
  id: string,
  subject: string,
  { terms, why }: AheadAsk,
  subjects: Pick<Subjects, 'seal' | 'macOf'>,
): NonNullable<Approval['ahead']> {
  const { count, forMs, loosen } = terms
  const text = canonicalJson({ count, for_ms: forMs, loosen: [...loosen], why })
  const mac = subjects.macOf(subject)?.(termsText(terms)) ?? ''
  return {
    count,
    forMs,
    sealed: base64url(subjects.seal(subject, utf8(text), contextOf(id))),
    terms: `hmac-sha256:${mac}`,
  }
}

/** What was asked ahead; undefined where nothing was, or what is kept of its person was erased. */
export function openAhead(
  { ahead, id, subject = '' }: Approval,
  subjects: Pick<Subjects, 'open'>,
): AheadAsk | undefined {
  const sealed = ahead === undefined ? undefined : fromBase64url(ahead.sealed)
  const plain = sealed && subjects.open(subject, sealed, contextOf(id))
  const terms = termsOf(plain)
  const tree = plain && parseJson(plain)
  if (terms === undefined || !isObject(tree)) return undefined
  const { why } = tree
  return { terms, why: typeof why === 'string' ? why : '' }
}

/** What the record says of it. */
export function aheadBody({ ahead }: Approval): JsonObject {
  if (ahead === undefined) return {}
  const { count, forMs, terms } = ahead
  return { ahead: { count, for_ms: forMs, terms } }
}

function contextOf(id: string): string {
  return `approval-ahead/${id}`
}
