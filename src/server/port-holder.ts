// Holds the answer to "who has my port": read from the kernel's own tables, for the error that names it.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

/** `\t` and hexadecimal as /proc/net/tcp writes a listening socket (state 0A). */
function inodesOf(port: number): Set<string> {
  const found = new Set<string>()
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of read(table).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      if (fields[1]?.endsWith(suffix) === true && fields[3] === '0A' && fields[9] !== undefined) {
        found.add(fields[9])
      }
    }
  }
  return found
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not Linux, or not ours to read: the answer is then simply not known.
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function target(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** `pid 4711 (node)` of whoever listens on a TCP port of this machine; undefined where it cannot be told. */
export function portHolder(port: number): string | undefined {
  const inodes = inodesOf(port)
  if (inodes.size === 0) return undefined
  for (const pid of list('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(target(`/proc/${pid}/fd/${descriptor}`))?.[1]
      if (inode !== undefined && inodes.has(inode)) {
        return `pid ${pid} (${basename(target(`/proc/${pid}/exe`)) || 'unknown'})`
      }
    }
  }
  return undefined
}
