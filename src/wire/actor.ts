// Holds who acts: one instance of one agent, under whose delegation.

/** What authentication yields: the instance behind a credential. Made by the authority, never by the caller. */
export interface Actor {
  /** Instance id (UUIDv7). */
  readonly instance: string
  /** Agent name. */
  readonly agent: string
  /** `spiffe://<trust domain>/agent/<agent>/<instance>`. */
  readonly spiffeId: string
  /** Roles of the agent, sorted. */
  readonly roles: readonly string[]
  /** The person who owns the agent (id). */
  readonly owner: string
  /** On whose behalf: the delegation and its person. Absent only for agents registered to act unattended. */
  readonly delegation?: {
    readonly id: string
    readonly person: string
    readonly personRoles: readonly string[]
  }
  /** SHA-256 of the certificate's DER, hex, lower case. */
  readonly certificate: string
  /** When the certificate ends (ms since the epoch). */
  readonly certificateEnds: number
  /** When the instance's absolute life ends (INV-8). */
  readonly lifeEnds: number
}
