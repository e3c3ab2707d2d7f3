// Holds the check of Host and Origin: the control listener answers to its own name and to its own pages only.

import type { Fault } from '../std/fault.ts'
import { fault } from './faults.ts'

/** Where a machine looks whether we are well may be asked by address. */
const BY_ADDRESS: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** Where the control listener is. */
export interface ControlAddress {
  /** Port on loopback. */
  readonly port: number
  /** Origin by which others reach it through TLS; undefined: nobody does. */
  readonly beyond: string | undefined
}

/** Host of the control listener at a port. */
function loopbackHost(port: number): string {
  return `bailiwick.localhost:${port}`
}

/**
 * Why a request is not for us; undefined when it is. A page of another site that had its name resolved to 127.0.0.1 sends
 * that name as Host; a page of ours sends our own Origin, a program sends none.
 */
export function misdirected(request: Request, { beyond, port }: ControlAddress): Fault | undefined {
  const url = new URL(request.url)
  // TLS is the listener for others, and that has one name alone.
  const secure = url.protocol === 'https:'
  if (secure && beyond === undefined) return fault('api.host', 'this listener has no such name')
  const own = secure ? beyond! : `http://${loopbackHost(port)}`
  const ours = new URL(own).host
  const accepted = !secure && BY_ADDRESS.has(url.pathname) ? [ours, `127.0.0.1:${port}`] : [ours]
  const host = request.headers.get('host')
  // An absolute request target has a host of its own: both have to be ours.
  if (host === null || !accepted.includes(host) || url.host !== host) {
    return fault('api.host', `this listener is ${ours} and nothing else`)
  }
  const origin = request.headers.get('origin')
  if (origin !== null && origin !== own) {
    return fault('api.origin', 'the request comes from a page of another origin')
  }
  return undefined
}
