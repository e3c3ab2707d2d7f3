// Holds what the command line needs to verify a log behind an address.

export { HttpSource } from '../audit/verify-http.ts'
