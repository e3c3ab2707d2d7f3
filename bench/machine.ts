// Holds the description of the machine that a figure was taken on.

import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'

/** What a reader needs to compare figures: other work on the machine shows in `load_1m` at the start. */
export function machine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory_gb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    os: osName(),
    kernel: release(),
    load_1m: Number((loadavg()[0] ?? 0).toFixed(2)),
  }
}

function osName(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8')
    return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(text)?.[1] ?? process.platform
  } catch {
    // No Linux: the platform's name has to do.
    return process.platform
  }
}
