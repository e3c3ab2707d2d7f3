// Holds how the official MCP conformance suites go directly and governed, in both eras, printed; `-o json` for programs.

import type { McpEra } from '../../src/wire/system.ts'
import { ConformanceWorld, counted, lost, SUITES } from '../fakes/mcp-conformance.ts'

const json = process.argv.includes('json') && process.argv.includes('-o')
const eras: Record<string, Record<'direct' | 'governed', ReturnType<typeof counted>>> = {}
let parity = true

await using world = await ConformanceWorld.start()
for (const era of Object.keys(SUITES) as McpEra[]) {
  const compared = await world.compare(era)
  const less = lost(compared)
  parity &&= less.length === 0 && counted(compared.direct).total > 0
  eras[era] = { direct: counted(compared.direct), governed: counted(compared.governed) }
  for (const check of less) process.stderr.write(`${era}: lost ${check}\n`)
}

if (json) process.stdout.write(`${JSON.stringify({ parity, eras })}\n`)
else {
  for (const [era, { direct, governed }] of Object.entries(eras)) {
    const said = ({ passed, total }: typeof direct): string => `${passed} of ${total}`
    process.stdout.write(`${era}  directly ${said(direct)}, governed ${said(governed)}\n`)
  }
  process.stdout.write(parity ? 'What passes directly passes governed.\n' : 'Something is lost.\n')
}
process.exitCode = parity ? 0 : 1
