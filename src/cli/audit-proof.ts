// Holds `audit proof`: one record and its proof as two files, which anybody verifies without this server.

import { resolve } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { base64url, sha256, utf8 } from '../std/bytes.ts'
import { canonicalJson, type Json } from '../std/json.ts'
import { AuditEntry, AuditFlushed } from '../wire/api/audit.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import { fields } from './terminal/table.ts'

/** The leaf as it was hashed: words that are kept beside the log are shown in their place, and go back to their commitments. */
function leafOf({ record, confided = {}, leaf }: AuditEntry): string {
  const commitments = Object.entries(confided).map(([name, { commitment }]) => [
    name,
    { commitment },
  ])
  const body = { ...record.body, ...Object.fromEntries(commitments) }
  const entry = canonicalJson({ ...record, body } as Json)
  // RFC 6962 §2.1: what is handed out as the record is what the log holds, or it is not handed out.
  const hash = sha256(Buffer.concat([Uint8Array.of(0), utf8(entry)]))
  if (base64url(hash) === leaf) return entry
  throw fault('cli.answer', 'the record that was answered is not the leaf that the log names')
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw fault('cli.file', `${path} cannot be written`, cause)
  }
}

async function run(
  context: Context,
  id: string,
  options: { readonly out?: string },
): Promise<void> {
  const { screen, shell } = context
  const control = await context.control()
  await control.send('POST', '/v1/audit/flush', {}, AuditFlushed)
  const found = await control.get(target(['v1', 'audit', 'records', id]), AuditEntry)
  if (found.index === null) throw fault('cli.answer', 'the record is not in the log yet')
  const entry = leafOf(found)
  const proof = await control.text(`/v1/audit/records/${found.index}/proof`)
  const name = resolve(shell.cwd, options.out ?? found.record.id)
  write(`${name}.json`, entry)
  write(`${name}.tlog-proof`, proof)
  const said = { index: found.index, record: `${name}.json`, proof: `${name}.tlog-proof` }
  screen.answer(said, (surface) => fields(Object.entries(said), surface))
}

/** Adds the command below `audit`. */
export function registerProof(audit: Command, context: Context): void {
  audit
    .command('proof <id>')
    .description('one record, by its id or leaf hash, with its proof: two files that stand alone')
    .option('--out <name>', 'their name without an ending (default: the id of the record)')
    .action((id: string, options: { readonly out?: string }) => run(context, id, options))
}
