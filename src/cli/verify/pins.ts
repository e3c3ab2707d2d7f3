// Holds the checkpoints that this account has seen: kept in its own configuration, where the log's administrator does not write for it.

import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hex, sha256 } from '../../std/bytes.ts'

/** A shard of the empty name has this one as a file. */
const WHOLE = 'log'

/** Where checkpoints of one log are kept. */
export class PinFolder {
  readonly directory: string

  /** `origin` is that of the log, without a shard. */
  constructor(config: string, origin: string) {
    // A name of the log's own choosing is no name of a file.
    this.directory = join(config, 'bailiwick', 'pins', hex(sha256(origin)).slice(0, 32))
  }

  /** The signed notes, one for each shard that was seen. */
  read(): string[] {
    let names: string[]
    try {
      names = readdirSync(this.directory).filter((name) => name.endsWith('.checkpoint'))
    } catch {
      // Nothing was seen yet: the first look is trusted, and kept.
      return []
    }
    return names.toSorted().map((name) => readFileSync(join(this.directory, name), 'utf8'))
  }

  /** Keeps a checkpoint instead of the one before of that shard. */
  write(shard: string, note: string): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 })
    const path = join(this.directory, `${shard === '' ? WHOLE : shard}.checkpoint`)
    writeFileSync(`${path}.new`, note, { mode: 0o600, flush: true })
    renameSync(`${path}.new`, path)
  }
}

/** The configuration folder of this account; undefined where it has none. */
export function configFolder(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const named = env['XDG_CONFIG_HOME']
  if (named !== undefined && named !== '') return named
  const home = env['HOME'] ?? env['USERPROFILE']
  return home === undefined || home === '' ? undefined : join(home, '.config')
}

/** Origin of the log that verifier keys speak of: the name in their first line. */
export function originOf(vkey: string): string {
  return vkey.trim().split('+', 1)[0] ?? ''
}
