// Holds what the command line needs of the log's files: their verification.

export { IndexCheck } from '../audit/verify-index.ts'
export { verifyLog } from '../audit/verify.ts'
export { verifyRecordProof, type ProofReport } from '../audit/verify-proof.ts'
export type { VerifyFinding, VerifyReport } from '../audit/verify-report.ts'
export { parseReceipt } from '../audit/receipt.ts'
export { ReceiptCheck } from '../audit/verify-receipts.ts'
export type { LogSource } from '../audit/verify-source.ts'
export { witnessCheck } from './verify-witness.ts'
