// Holds the word of one person as it stands in an approval: at which gate, to one call or for the task, and what their passkey signed.

import { base64url, fromBase64url } from '../../std/bytes.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Subjects } from '../../audit/side/subjects.ts'
import type { Agreement, Approval } from '../../store/rows/approval.ts'
import { termsText, type TaskTerms } from '../../wire/amendment.ts'
import { presenceIsFor, type PresenceAsk, type PresenceProof } from '../../wire/presence.ts'
import type { Task } from '../../store/rows/task.ts'
import { amendmentFault } from './amendment-faults.ts'
import { checkedTerms, sealedTerms, termsOf } from './bounds.ts'

/** Terms of an agreement, checked, with what the record has of them. */
export interface AgreedTerms {
  readonly terms: TaskTerms
  /** `hmac-sha256:…`: equal for equal terms about one person, and nothing to guess from. */
  readonly commitment: string
}

/**
 * What somebody agrees to for the task of a held call, or that they cannot. `input` is what they were shown. Throws
 * `amendment.no_task`, `amendment.terms`.
 */
export function agreedTerms(
  approval: Approval,
  wanted: TaskTerms,
  {
    input,
    task,
    subjects,
  }: {
    readonly input: JsonObject | undefined
    readonly task: Task | undefined
    readonly subjects: Pick<Subjects, 'macOf'>
  },
): AgreedTerms {
  if (approval.task === undefined || task === undefined) {
    throw amendmentFault('amendment.no_task', 'this call is under no task that is open')
  }
  if (input === undefined) {
    throw amendmentFault('amendment.terms', 'the arguments cannot be shown any more')
  }
  const terms = checkedTerms(wanted, input)
  if (terms.count < 2 && approval.ahead === undefined) {
    throw amendmentFault('amendment.terms', 'this call is one of them: a count from 2 on')
  }
  const { calls } = task.budget
  if (calls !== undefined && terms.count > calls) {
    throw amendmentFault('amendment.terms', `the task is for ${calls} calls in all`)
  }
  const mac = subjects.macOf(approval.subject ?? '')
  if (mac === undefined) throw amendmentFault('amendment.terms', 'nothing can be kept of it')
  return { terms, commitment: `hmac-sha256:${mac(termsText(terms))}` }
}

/** Where a gate asks for presence, the passkey has to have signed the terms as well. Throws `amendment.presence`. */
export function checkPresence(proof: PresenceProof, ask: PresenceAsk): void {
  if (presenceIsFor(proof, ask)) return
  throw amendmentFault('amendment.presence', 'the passkey did not sign these terms')
}

/** The terms as the row of the approval has them: sealed for it alone. */
export function keptTerms(
  approval: Approval,
  { terms, commitment }: AgreedTerms,
  subjects: Pick<Subjects, 'seal'>,
): NonNullable<Agreement['task']> {
  const sealed = subjects.seal(approval.subject ?? '', sealedTerms(terms), contextOf(approval.id))
  return { sealed: base64url(sealed), terms: commitment }
}

/** The terms of an agreement; undefined for one to a single call, or where they were erased. */
export function openTerms(
  { id, subject = '' }: Approval,
  { task }: Agreement,
  subjects: Pick<Subjects, 'open'>,
): TaskTerms | undefined {
  const sealed = task === undefined ? undefined : fromBase64url(task.sealed)
  return sealed && termsOf(subjects.open(subject, sealed, contextOf(id)))
}

/** What the record of an agreement says of its terms; the bounds are behind the commitment. */
export function termsBody({ terms, commitment }: AgreedTerms): JsonObject {
  return { task: { count: terms.count, for_ms: terms.forMs, terms: commitment } }
}

function contextOf(id: string): string {
  return `approval-terms/${id}`
}
