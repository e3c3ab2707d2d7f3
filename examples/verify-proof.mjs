// Verifies a record that somebody handed over (`bailiwick audit proof ID`), by WebCrypto alone:
//
//   node examples/verify-proof.mjs one.tlog-proof one.json log.vkey
//
// Take `log.vkey` from somewhere else than the record. Exit code 1 where it is not proven.

import { readFileSync } from 'node:fs'
import { verifyProof } from '../src/sdk/proof/verify.ts'

const [proof, record, keys] = process.argv.slice(2).map((path) => readFileSync(path))
if (keys === undefined) throw new Error('node examples/verify-proof.mjs PROOF RECORD KEYS')
const told = await verifyProof({
  proof: proof.toString('utf8'),
  entry: record,
  keys: keys.toString('utf8'),
})
if (told.ok) {
  const by = told.signatures.map(({ name }) => name).join(', ')
  console.log(`record ${told.index} of ${told.size} in ${told.origin}, signed by ${by}`)
} else {
  console.error(`not proven, at the step ${told.step}: ${told.detail}`)
  process.exitCode = 1
}
