// Holds the options of `connect` and `disconnect`, as commander reads them.

/** Options of `connect`. */
export interface ConnectOptions {
  readonly list?: boolean
  readonly project?: boolean
  readonly user?: boolean
  readonly file?: string
  readonly agent?: string
  readonly observe: string
  readonly dryRun?: boolean
  readonly hooks?: boolean
  readonly effects?: readonly string[]
  readonly network?: readonly string[]
  readonly unsandboxed?: readonly string[]
  readonly keepArguments?: boolean
  readonly reason?: string
}

/** Options of `disconnect`. */
export interface DisconnectOptions {
  readonly file?: string
  readonly dryRun?: boolean
  readonly reason?: string
}
