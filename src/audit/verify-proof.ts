// Holds the verification of one record under the checkpoint of its `.tlog-proof`: offline, with the verifier key and two files.

import { toBase64 } from '../tlog/base64.ts'
import { parseProof, verifyProof } from '../tlog/proof.ts'
import { publicFault } from '../std/fault.ts'
import type { AuditRecord } from '../wire/record.ts'
import { readRecord } from './envelope.ts'
import { fault } from './faults.ts'
import { shardVerifier } from './log-key.ts'
import { Pins } from './verify-pins.ts'
import { Findings, type SeenBy, type VerifyFinding, type WitnessVerdict } from './verify-report.ts'
import type { WitnessCheck } from './verify.ts'

/** What is verified. */
export interface ProofOptions {
  /** Text of the `.tlog-proof`. */
  readonly proof: string
  /** The entry, byte for byte. */
  readonly entry: Uint8Array
  /** Verifier key of the log, or lines of them. */
  readonly vkey: string
  readonly pins?: readonly string[]
  readonly witnesses?: WitnessCheck
}

/** What a proof proves. */
export interface ProofReport {
  readonly ok: boolean
  readonly witness: WitnessVerdict
  readonly witnesses: readonly SeenBy[]
  readonly origin?: string
  /** Leaf within the shard. */
  readonly index?: number
  /** Of the checkpoint that the proof carries. */
  readonly size?: number
  readonly root?: string
  /** What was proven to be in the log. */
  readonly record?: AuditRecord
  readonly findings: readonly VerifyFinding[]
}

/** Verifies one record. What is wrong is the report's finding; throws `tlog.vkey` for a key that is none. */
export function verifyRecordProof(options: ProofOptions): ProofReport {
  const { proof, entry, vkey, pins = [], witnesses } = options
  const findings = new Findings()
  const seen = new Pins(pins, vkey, findings)
  try {
    const { checkpoint: note } = parseProof(proof)
    const [origin = ''] = note.split('\n', 1)
    const verifier = shardVerifier(vkey, origin)
    if (verifier === undefined) throw fault('audit.verify_note', `it is of the log ${origin}`)
    const { index, checkpoint } = verifyProof(proof, entry, [verifier], origin)
    const record = readRecord(entry)
    const { size, root } = checkpoint
    // A proof may be older than what was seen since, so only the same size says something.
    if (seen.sizes(origin).every((kept) => kept === size)) seen.check(checkpoint, () => undefined)
    const who: ReturnType<WitnessCheck> = witnesses?.(note) ?? { quorum: false, seen: [] }
    if (witnesses !== undefined && !who.quorum) {
      const detail = who.why ?? 'the policy wants more witnesses than signed its checkpoint'
      findings.add('audit.verify_witness', 'checkpoint', detail)
    }
    const below = who.seen.length === 0 ? 'unwitnessed' : 'below_quorum'
    return {
      ok: findings.list.length === 0,
      witness: who.quorum && who.seen.length > 0 ? 'witnessed' : below,
      witnesses: who.seen,
      origin,
      index,
      size,
      root: toBase64(root),
      record,
      findings: findings.list,
    }
  } catch (error) {
    const { code, detail } = publicFault(error)
    if (code === 'tlog.vkey') throw error
    const told = code === 'internal' ? 'it cannot be read' : detail
    findings.add(proofCode(code), 'proof', told)
    return { ok: false, witness: 'unwitnessed', witnesses: [], findings: findings.list }
  }
}

function proofCode(
  code: string,
): 'audit.verify_record' | 'audit.verify_root' | 'audit.verify_note' {
  if (code === 'audit.unreadable') return 'audit.verify_record'
  return code === 'tlog.proof_invalid' ? 'audit.verify_root' : 'audit.verify_note'
}
