// Holds what travels when a gateway enrols or renews. History: v1.

import { faults, type FaultCatalogue } from '../std/fault.ts'
import { isObject, type Json } from '../std/json.ts'

/** Codes of these parsers. */
export const GATEWAY_IDENTITY_FAULTS = {
  'gateway.request': { status: 400, next: 'send exactly {token, csr}, both text' },
  'gateway.answer': {
    status: 502,
    next: 'check that the address is that of the identity listener of this authority',
  },
} as const satisfies FaultCatalogue

const fault = faults(GATEWAY_IDENTITY_FAULTS)

/** Body of `POST /v1/gateways/enroll`. */
export interface GatewayEnrolRequest {
  readonly token: string
  /** PKCS#10 in PEM. */
  readonly csr: string
}

/** What enrolling and renewing answer. */
export interface IssuedGateway {
  readonly name: string
  readonly spiffe_id: string
  /** PEM. */
  readonly certificates: string
  /** Roots of the trust domain, PEM. */
  readonly bundle: string
  /** RFC 3339. */
  readonly not_after: string
  readonly renew_after: string
}

/** Reads the body. Throws `gateway.request`. */
export function parseGatewayEnrol(value: Json): GatewayEnrolRequest {
  const { token, csr, ...more } = isObject(value) ? value : {}
  if (typeof token !== 'string' || typeof csr !== 'string' || Object.keys(more).length > 0) {
    throw fault('gateway.request', 'the body is not {token, csr}, both text')
  }
  return { token, csr }
}

const MEMBERS = [
  'name',
  'spiffe_id',
  'certificates',
  'bundle',
  'not_after',
  'renew_after',
] as const satisfies readonly (keyof IssuedGateway)[]

/** Reads an answer; members that a newer server adds are left out. Throws `gateway.answer`. */
export function parseIssuedGateway(value: Json): IssuedGateway {
  const read = isObject(value) ? value : {}
  const members = MEMBERS.map((name) => {
    const member = read[name]
    if (typeof member === 'string') return [name, member]
    throw fault('gateway.answer', 'this is no identity of a gateway')
  })
  return Object.fromEntries(members) as IssuedGateway
}
