// Holds the refusal of a credential: what an HTTP answer says of it, in our words and in those of OAuth.

import { Fault } from '../../std/fault.ts'
import { GATEWAY_FAULTS, type GatewayCode } from '../faults.ts'

/** Error codes of challenges (RFC 6750 §3.1, RFC 9449 §7.1 and §9). */
export type ChallengeError =
  | 'invalid_request'
  | 'invalid_token'
  | 'invalid_dpop_proof'
  | 'insufficient_scope'
  | 'use_dpop_nonce'

/** Why a credential was not taken. Nothing in it helps somebody without a key. */
export interface CredentialRefusal {
  readonly refusedCredential: true
  readonly status: number
  readonly code: string
  /** Lower case, one sentence. */
  readonly detail: string
  readonly next: string
  /** Absent where nothing was shown (RFC 6750 §3.1). */
  readonly error?: ChallengeError
  /** Scheme that was used, which the error is told under. */
  readonly scheme?: 'DPoP' | 'Bearer'
  /** What a scope would have to cover, for `insufficient_scope`. */
  readonly scope?: string
}

/** A refusal by a code of ours. */
export function refuseCredential(
  code: GatewayCode,
  detail: string,
  more: Pick<CredentialRefusal, 'error' | 'scheme' | 'scope'> = {},
): CredentialRefusal {
  const { status, next } = GATEWAY_FAULTS[code]
  return { refusedCredential: true, status, code, detail, next, ...more }
}

/** The refusal of a proof that a check has thrown; what is no Fault of proofs is thrown on. */
export function refuseProof(error: unknown): CredentialRefusal {
  if (!(error instanceof Fault) || !error.code.startsWith('dpop.')) throw error
  const { code, detail, next, status } = error
  const name = code === 'dpop.nonce' ? 'use_dpop_nonce' : 'invalid_dpop_proof'
  return { refusedCredential: true, status, code, detail, next, error: name, scheme: 'DPoP' }
}

/** Narrows what a check returned. */
export function isRefusal(value: object | undefined): value is CredentialRefusal {
  return value !== undefined && 'refusedCredential' in value
}
