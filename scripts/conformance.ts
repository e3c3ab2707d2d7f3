// Holds `npm run conformance -- [-o json]`: the official MCP conformance suites, directly and governed, in both eras.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const program = join(import.meta.dirname, '..', 'test', 'conformance', 'print-parity.ts')
const { status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
