// Holds what the command line needs of the log's files: their verification.

export { verifyLog } from '../audit/verify.ts'
export type { VerifyReport } from '../audit/verify-report.ts'
