// Holds the folder of a log with all its shards: each in a folder of its name, the one from before there were any in the folder itself.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { LogFiles } from './log-files.ts'
import { isShardName } from './shard.ts'

/** The shards of a log as files. */
export class LogFolder {
  readonly directory: string
  readonly #shards = new Map<string, LogFiles>()

  constructor(directory: string) {
    this.directory = directory
  }

  /** The files of one shard; nothing has to be there yet. */
  shard(name: string): LogFiles {
    const known = this.#shards.get(name)
    if (known !== undefined) return known
    const files = new LogFiles(name === '' ? this.directory : join(this.directory, name))
    this.#shards.set(name, files)
    return files
  }

  /** Names of the shards that are there, the oldest first. Throws what reading the folder throws. */
  names(): string[] {
    const found = readdirSync(this.directory, { withFileTypes: true })
    const halves = found.filter((entry) => entry.isDirectory() && isShardName(entry.name))
    const first = found.some(({ name }) => name === 'checkpoint' || name === 'tile') ? [''] : []
    return [...first, ...halves.map(({ name }) => name).toSorted()]
  }
}
