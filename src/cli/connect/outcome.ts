// Holds what became of one server when its client was connected.

/** What became of one entry. */
export interface Outcome {
  readonly file: string
  readonly server: string
  readonly state: 'connected' | 'already' | 'left'
  readonly system?: string
  readonly why?: string
}
