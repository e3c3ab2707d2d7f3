// Holds who asks over the socket: the process at the other end, known from its connection.

import type { Fault } from '../../std/fault.ts'
import { processSubject } from '../../authority/identity/attest/unix.ts'
import type { PeerConnection } from '../../authority/identity/attest/unix-peer.ts'
import type { CallerKey } from './limits.ts'

/** One request's stream, as far as a peer that does not read has to be told apart. */
export interface Outgoing {
  /** True while something that was sent has not been taken. */
  unread(): boolean
  /** Ends the stream without another word. */
  cut(): void
}

/** Who asks. */
export interface Caller {
  /** The process, or why it cannot be known: it may verify others, and has no identity. */
  readonly connection: PeerConnection | Fault
  readonly key: CallerKey
  readonly outgoing: Outgoing
}

/** Who is counted for a connection whose process cannot be known. */
export const UNKNOWN: CallerKey = { process: 'unknown', uid: -1 }

/** Who is counted for a process. */
export function callerKey({ peer }: PeerConnection): CallerKey {
  return { process: processSubject(peer), uid: peer.uid }
}
