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

/** A team as gates can name it. */
export interface RegisteredTeam {
  readonly name: string
  /** Ids of people. */
  readonly members: readonly string[]
}

/** Everybody who is here. Agents that are retired and people who left are not. */
export interface Registered {
  readonly agents: readonly RegisteredAgent[]
  readonly people: readonly RegisteredPerson[]
  /** Absent: teams are not known. */
  readonly teams?: readonly RegisteredTeam[]
  /** Names of checks; absent: they are not known. */
  readonly checks?: readonly string[]
  /** By name. */
  readonly environments: Readonly<Record<string, string>>
}
