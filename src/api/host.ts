// Holds the check of Host and Origin: the control listener answers to its own name and to its own pages only.

import type { Fault } from '../std/fault.ts'
import { fault } from './faults.ts'

/** Where a machine looks whether we are well may be asked by address. */
const BY_ADDRESS: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** Host of the control listener at a port. */
function controlHost(port: number): string {
  return `bailiwick.localhost:${port}`
}

/**
 * Why a request is not for us; undefined when it is. A page of another site that had its name resolved to 127.0.0.1 sends
 * that name as Host; a page of ours sends our own Origin, a program sends none.
 */
export function misdirected(request: Request, port: number): Fault | undefined {
  const ours = controlHost(port)
  const url = new URL(request.url)
  const accepted = BY_ADDRESS.has(url.pathname) ? [ours, `127.0.0.1:${port}`] : [ours]
  const host = request.headers.get('host')
  // An absolute request target has a host of its own: both have to be ours.
  if (host === null || !accepted.includes(host) || url.host !== host) {
    return fault('api.host', `this listener is ${ours} and nothing else`)
  }
  const origin = request.headers.get('origin')
  if (origin !== null && origin !== `http://${ours}`) {
    return fault('api.origin', 'the request comes from a page of another origin')
  }
  return undefined
}
