// Holds who and what is registered, as far as policies can be held against it.

/** An agent as policies can name it. */
export interface RegisteredAgent {
  readonly name: string
  readonly roles: readonly string[]
  readonly environment: string
  readonly unattended: boolean
  readonly taskless: boolean
}

/** A person as policies can name them. */
export interface RegisteredPerson {
  readonly id: string
  readonly name: string
  readonly roles: readonly string[]
}

/** Everybody who is here. Agents that are retired and people who left are not. */
export interface Registered {
  readonly agents: readonly RegisteredAgent[]
  readonly people: readonly RegisteredPerson[]
  /** By name. */
  readonly environments: Readonly<Record<string, string>>
}
