// Holds the row of a gateway: a process of its own that carries calls out, with what it is assigned and the certificates that it shows.

import type { TableShape } from '../table.ts'

/** A certificate of a gateway. */
export interface GatewayCertificate {
  /** SHA-256 of its DER, lower-case hex. */
  readonly fingerprint: string
  /** SHA-256 of its SubjectPublicKeyInfo, lower-case hex. */
  readonly key: string
  /** ms since the epoch. */
  readonly notAfter: number
}

/** A gateway that an administrator registered. */
export interface Gateway {
  /** UUIDv7. */
  readonly id: string
  /** Unique among those that are not removed. */
  readonly name: string
  /** Names of systems that it may reach; null: every one. */
  readonly systems: readonly string[] | null
  /** Names and addresses, besides those of its own machine, under which agents reach it. */
  readonly hosts: readonly string[]
  readonly state: 'invited' | 'active' | 'removed'
  /** SHA-256 of the secret of its join token, base64url; absent: there is none that could be used. */
  readonly tokenHash?: string
  /** ms since the epoch. */
  readonly tokenEnds?: number
  /** The same of the join token that it enrolled with: whoever shows it again is somebody else. */
  readonly tokenUsed?: string
  /** At most four, the newest last; those that have ended are there for who was away. */
  readonly certificates: readonly GatewayCertificate[]
  /** Digests of the keys that it has had, the newest last; none of them is certified again. */
  readonly keys: readonly string[]
  /** Person id of who registered it. */
  readonly by: string
  /** ms since the epoch. */
  readonly createdAt: number
  readonly enrolledAt?: number
  readonly removed?: { readonly by: string; readonly reason: string; readonly at: number }
}

/** Table `gateways`. Those that may connect, or become so, are on the roll: a removed one cannot be put back by hand. */
export const GATEWAYS: TableShape<Gateway> = {
  table: 'gateways',
  id: (gateway) => gateway.id,
  columns: (gateway) => ({ name: gateway.name, state: gateway.state }),
  roll: { column: 'state', values: ['invited', 'active'] },
}
