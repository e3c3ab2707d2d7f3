// Holds what an error of a connection means, in codes of ours.

import { Fault } from '../../std/fault.ts'
import { netFault, type NetCode } from './faults.ts'

const MEANT: Readonly<Record<string, readonly [code: NetCode, detail: string]>> = {
  UND_ERR_HEADERS_TIMEOUT: ['net.timeout', 'the system did not begin to answer in time'],
  UND_ERR_BODY_TIMEOUT: ['net.timeout', 'the system stopped in the middle of its answer'],
  UND_ERR_HEADERS_OVERFLOW: ['net.malformed', 'the headers of the answer are too large'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['net.malformed', 'the answer is not as long as it says'],
  UND_ERR_RES_EXCEEDED_MAX_SIZE: ['net.too_large', 'the answer is too large'],
  UND_ERR_INVALID_ARG: ['net.request', 'the request cannot be written as HTTP'],
  UND_ERR_NOT_SUPPORTED: ['net.request', 'the request cannot be written as HTTP'],
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** What an error after the connection stood means; a Fault stays what it is. */
export function netFailure(error: unknown): Fault {
  if (error instanceof Fault) return error
  const code = codeOf(error)
  const [meant, detail] =
    MEANT[code] ??
    (code.startsWith('HPE_')
      ? (['net.malformed', 'what the system answered is no HTTP'] as const)
      : (['net.closed', 'the connection broke before the answer was whole'] as const))
  return netFault(meant, detail, error)
}

/** What an error means by which no connection came to be. */
export function connectFailure(error: unknown, secure: boolean): Fault {
  if (error instanceof Fault) return error
  const plain = codeOf(error) === 'UND_ERR_CONNECT_TIMEOUT' || failedToConnect(error)
  return secure && !plain
    ? netFault('net.tls', 'no TLS connection that can be trusted came to be', error)
    : netFault('net.connect', 'the host cannot be connected to', error)
}

function failedToConnect(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(failedToConnect)
  return error instanceof Error && 'syscall' in error && error.syscall === 'connect'
}
