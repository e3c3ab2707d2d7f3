// Holds what is asked of a check and how both sides sign: a webhook of the administrator's own, which allows or denies one call. History: v1.

import { createHmac, timingSafeEqual } from 'node:crypto'
import { utf8 } from '../std/bytes.ts'
import { isObject, parseJson, type Json, type JsonLimits } from '../std/json.ts'

/** What a check says of a call. */
export type CheckVerdict =
  | { readonly verdict: 'allow' | 'deny'; readonly reason: string }
  /** No answer that counts: which is a denial, in words for the operator. */
  | { readonly verdict: 'none'; readonly reason: string }

/** Bytes of an answer, and characters of its reason. */
export const MOST_ANSWER = 16_384
const MOST_REASON = 300
const LIMITS: JsonLimits = { bytes: MOST_ANSWER, depth: 4, values: 16, keys: 'exact' }

/** The name of the header in which a check signs its answer. */
export const CHECK_SIGNATURE = 'bailiwick-signature'

/**
 * `v1,` and the base64 HMAC-SHA-256 over nonce, digest of the call and body of the answer, with dots between: an answer to anything else
 * is no answer to this.
 */
export function answerSignature(
  key: Uint8Array,
  {
    nonce,
    digest,
    body,
  }: { readonly nonce: string; readonly digest: string; readonly body: string },
): string {
  return `v1,${createHmac('sha256', key).update(`${nonce}.${digest}.${body}`).digest('base64')}`
}

/** Reads an answer: signed over this very question, `allow` or `deny` with a reason, and nothing else. */
export function readAnswer(
  key: Uint8Array,
  question: { readonly nonce: string; readonly digest: string },
  { body, signature }: { readonly body: string; readonly signature: string },
): CheckVerdict {
  const expected = utf8(answerSignature(key, { ...question, body }))
  const given = utf8(signature)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return { verdict: 'none', reason: 'the answer is not signed for this call' }
  }
  const tree = parsed(body)
  const { verdict, reason } = isObject(tree) ? tree : {}
  if ((verdict !== 'allow' && verdict !== 'deny') || typeof reason !== 'string') {
    return { verdict: 'none', reason: 'the answer is neither allow nor deny with a reason' }
  }
  return { verdict, reason: reason.slice(0, MOST_REASON).toWellFormed() }
}

function parsed(body: string): Json | undefined {
  try {
    return parseJson(utf8(body), LIMITS)
  } catch {
    return undefined
  }
}
