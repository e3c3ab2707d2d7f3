// Holds what travels when a workload shows what it is: challenges, evidence, and what is signed; and their parsers.

import { base64url, sha256, utf8 } from '../std/bytes.ts'
import { faults } from '../std/fault.ts'
import { isUuid } from '../std/id.ts'
import { isObject, type Json } from '../std/json.ts'
import { IDENTITY_WIRE_FAULTS, readComposition } from './identity.ts'

const fault = faults(IDENTITY_WIRE_FAULTS)

/** Body of `POST /v1/attest/challenge`. History: v1. */
export interface ChallengeRequest {
  readonly attestor: 'x509pop'
  /** Name of the trust source. */
  readonly source: string
  /** PKCS#10 in PEM: the challenge is good for this very text. */
  readonly csr: string
}

/** What that answers. History: v1. */
export interface Challenge {
  readonly challenge: string
  /** RFC 3339. */
  readonly expires_at: string
}

interface Asked {
  readonly source: string
  readonly csr: string
  /** What the workload says that it is made of, by element; counts as claimed. */
  readonly composition?: Readonly<Record<string, string>>
  /** Id of the instance that it was before. */
  readonly replaces?: string
}

/** Body of `POST /v1/attest`. History: v1. */
export type AttestRequest =
  | (Asked & { readonly attestor: 'oidc'; readonly token: string })
  | (Asked & {
      readonly attestor: 'x509pop'
      /** PEM: its certificate, then what stands between it and the authority. */
      readonly certificates: string
      readonly challenge: string
      /** Over `challengeInput`, base64url: ECDSA (DER) or RSASSA-PKCS1-v1_5 with SHA-256, or Ed25519. */
      readonly signature: string
    })

const CONTEXT = 'bailiwick-x509pop-v1'
const ASKED = ['attestor', 'source', 'csr', 'composition', 'replaces']
const EVIDENCE: Readonly<Record<AttestRequest['attestor'], readonly string[]>> = {
  oidc: ['token'],
  x509pop: ['certificates', 'challenge', 'signature'],
}

/** What is signed: a name that nothing else is signed under, the challenge, and the digest of the request, a line each. */
export function challengeInput(challenge: string, csr: string): Uint8Array {
  return utf8(`${CONTEXT}\n${challenge}\n${base64url(sha256(utf8(csr)))}`)
}

/** Reads the body of `POST /v1/attest/challenge`. Throws `identity.request`. */
export function parseChallengeRequest(value: Json): ChallengeRequest {
  const { attestor, source, csr } = members(value, ['attestor', 'source', 'csr'])
  if (attestor !== 'x509pop' || typeof source !== 'string' || typeof csr !== 'string') {
    throw fault('identity.request', 'the body is not {attestor: "x509pop", source, csr}')
  }
  return { attestor, source, csr }
}

/** Reads the body of `POST /v1/attest`. Throws `identity.request`, never quoting anything. */
export function parseAttestRequest(value: Json): AttestRequest {
  const attestor = isObject(value) ? value['attestor'] : undefined
  if (attestor !== 'oidc' && attestor !== 'x509pop') {
    throw fault('identity.request', '`attestor` is neither oidc nor x509pop')
  }
  const names = EVIDENCE[attestor]
  const given = members(value, [...ASKED, ...names])
  const text = (name: string): string => {
    const member = given[name]
    if (typeof member === 'string') return member
    throw fault('identity.request', `\`${name}\` is not a text`)
  }
  const asked: Asked = {
    source: text('source'),
    csr: text('csr'),
    ...(given['composition'] === undefined
      ? {}
      : { composition: readComposition(given['composition']) }),
    ...(given['replaces'] === undefined ? {} : { replaces: idOf(given['replaces']) }),
  }
  return attestor === 'oidc'
    ? { ...asked, attestor, token: text('token') }
    : {
        ...asked,
        attestor,
        certificates: text('certificates'),
        challenge: text('challenge'),
        signature: text('signature'),
      }
}

/** Reads what `POST /v1/attest/challenge` answered. Throws `identity.answer`. */
export function parseChallenge(value: Json): Challenge {
  const { challenge, expires_at: expires } = isObject(value) ? value : {}
  if (typeof challenge !== 'string' || typeof expires !== 'string') {
    throw fault('identity.answer', 'the answer is not a challenge')
  }
  return { challenge, expires_at: expires }
}

/** The members of an object that has no others. */
function members(value: Json, known: readonly string[]): Readonly<Record<string, Json>> {
  if (!isObject(value) || !Object.keys(value).every((name) => known.includes(name))) {
    throw fault('identity.request', `the body has other members than ${known.join(', ')}`)
  }
  return value
}

function idOf(value: Json): string {
  if (typeof value === 'string' && isUuid(value)) return value
  throw fault('identity.request', '`replaces` is not the id of an instance')
}
