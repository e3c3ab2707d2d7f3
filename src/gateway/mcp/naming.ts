// Holds the names under which a client meets what a system has: its own at `/mcp/<system>`, with the system's before them at `/mcp`.

/** Before the name of the system in the URI of a resource of the joined endpoint. */
const SCHEME = 'bailiwick://'
/** Between the names of system and tool; no name of a system holds an underscore, so the first one ends it. */
const BETWEEN = '__'
/** The longest name that clients have to take (MCP 2025-11-25, "Tool Names"). */
export const LONGEST_NAME = 128

/** How the names of one system are shown. Every one of them can be read back. */
export interface Naming {
  /** A tool's, a prompt's or a task's. */
  name(own: string): string
  /** A resource's address, or the template of one. */
  uri(own: string): string
}

/** The names as the system has them. */
export const OWN_NAMES: Naming = { name: (own) => own, uri: (own) => own }

/** The names of one system among others. */
export function joinedNames(system: string): Naming {
  return {
    name: (own) => `${system}${BETWEEN}${own}`,
    // What follows is the address as it is: a template that is filled in reads back as the same template filled in.
    uri: (own) => `${SCHEME}${system}/${own}`,
  }
}

/** A name that was read back. */
export interface Named {
  readonly system: string
  readonly own: string
}

/** Whose a joined name is; undefined for one that was never given. */
export function readJoinedName(name: string): Named | undefined {
  const end = name.indexOf(BETWEEN)
  if (end <= 0 || end + BETWEEN.length >= name.length) return undefined
  return { system: name.slice(0, end), own: name.slice(end + BETWEEN.length) }
}

/** Whose a joined address is; undefined for one that was never given. */
export function readJoinedUri(uri: string): Named | undefined {
  if (!uri.startsWith(SCHEME)) return undefined
  const end = uri.indexOf('/', SCHEME.length)
  if (end <= SCHEME.length || end + 1 >= uri.length) return undefined
  return { system: uri.slice(SCHEME.length, end), own: uri.slice(end + 1) }
}
