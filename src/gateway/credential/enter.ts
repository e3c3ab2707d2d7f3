// Holds the way in: what a request presents is taken, or refused before a byte of its body is read.

import type { IncomingMessage } from 'node:http'
import type { Presented } from '../../wire/presented.ts'
import { isDenial } from '../denial.ts'
import type { SurfacePorts } from '../ports.ts'
import { peerOf } from '../front/peer.ts'
import { authenticate, UNKNOWABLE } from '../steps/01-authenticate.ts'
import { present, type Shown } from './present.ts'
import { isRefusal, refuseProof, type CredentialRefusal } from './refusal.ts'
import type { Surface } from './surface.ts'

/** A credential that was taken. */
export interface Entered {
  readonly presented: Presented
  /** True when the client should have a newer nonce for its next proof (RFC 9449 §8.2). */
  readonly renewNonce: boolean
}

/** What taking a credential needs. */
export type EntryPorts = Pick<SurfacePorts, 'clock' | 'identities' | 'observe' | 'watch'>

/** Where a request came from. Evidence for detectors, never for authorisation (INV-8). */
export function placeOf(request: IncomingMessage): string {
  return peerOf(request.socket).address
}

/**
 * Takes the credential of a request. A token is known by its instance before its proof is used up, so nobody unknown fills
 * the memory of proofs; a certificate is looked up with the call, as it costs nothing to hold.
 */
export async function enter(
  request: IncomingMessage,
  surface: Surface,
  of: Parameters<typeof present>[2],
  ports: EntryPorts,
): Promise<Entered | CredentialRefusal> {
  const shown = present(request, surface, of)
  if (isRefusal(shown)) {
    ports.watch.refused(shown.code.slice(shown.code.indexOf('.') + 1))
    return shown
  }
  const { presented, proof } = shown
  await ports.identities.recognise(presented)
  if (presented.token === undefined) return { presented, renewNonce: false }
  const { scheme } = presented.token
  const actor = authenticate(presented, ports)
  // A task that is not theirs is told once the message is read, and the proof used up: the credential itself is good.
  const who = isDenial(actor) ? actor.of : actor
  if (isDenial(actor) && who === undefined) {
    const { code, detail, next } = actor
    if (code === UNKNOWABLE) return { refusedCredential: true, status: 503, code, detail, next }
    const error = 'invalid_token' as const
    return { refusedCredential: true, status: 401, code, detail, next, error, scheme }
  }
  if (proof === undefined || who === undefined) return { presented, renewNonce: false }
  const spent = spend(request, surface, proof, who, ports)
  return spent ?? { presented, renewNonce: proof.nonce !== surface.proofs.nonces.next() }
}

/** Uses a proof up; one that was used before is told to the detectors, with whose it is. */
function spend(
  request: IncomingMessage,
  { proofs }: Surface,
  proof: NonNullable<Shown['proof']>,
  { agent, instance }: { readonly agent: string; readonly instance: string },
  ports: EntryPorts,
): CredentialRefusal | undefined {
  try {
    proofs.spend(proof)
    return undefined
  } catch (error) {
    const refusal = refuseProof(error)
    ports.watch.refused(refusal.code.slice(refusal.code.indexOf('.') + 1))
    if (refusal.code === 'dpop.replayed') {
      const seen = { at: ports.clock.now(), instance, agent, place: placeOf(request) }
      ports.observe({ kind: 'dpop-replayed', ...seen })
    }
    return refusal
  }
}
