// Holds the checks of what runs: that the listeners answer, who holds their ports otherwise, and the server's own warnings.

import { connect } from 'node:net'
import { portHolder } from '../../server/port-holder.ts'
import { publicFault } from '../../std/fault.ts'
import { Status } from '../../wire/api/status.ts'
import type { Context } from '../context.ts'
import type { Control } from '../control/control.ts'
import type { Finding } from './finding.ts'

/** True where somebody accepts a connection there. */
function listens(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.endsWith('localhost') ? '127.0.0.1' : hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) || (protocol === 'https:' ? 443 : 80) })
    const end = (answer: boolean) => (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(2_000, end(false))
    socket.once('connect', end(true)).once('error', end(false))
  })
}

/** Why the control listener does not answer us. */
async function silent(control: Control, error: unknown): Promise<Finding> {
  const { detail, next } = publicFault(error)
  const { port } = new URL(control.operator.control)
  const holder = (await listens(control.operator.control)) ? portHolder(Number(port)) : undefined
  const who = holder === undefined ? '' : `; port ${port} is held by ${holder}`
  return { check: 'server', state: 'bad', detail: `${detail}${who}`, next }
}

async function checkListener(name: string, url: string): Promise<Finding> {
  if (await listens(url)) return { check: name, state: 'ok', detail: `${url} accepts connections` }
  const next = 'restart the server, and look at its own log'
  return { check: name, state: 'bad', detail: `nothing listens at ${url}`, next }
}

/** How near its end a root may come: the server makes another one by itself long before. */
const LATE_MS = 180 * 86_400_000

/** The root that signs, and when it ends. */
function checkRoot(status: Status, now: number): Finding {
  const ends = status.authority_ends.slice(0, 10)
  const detail = `root sha256:${status.authority_fingerprint} signs until ${ends}`
  if (Date.parse(status.authority_ends) - now > LATE_MS) {
    return { check: 'authority', state: 'ok', detail }
  }
  const next = 'bailiwick authority rotate --reason TEXT'
  return { check: 'authority', state: 'warn', detail, next }
}

/** Asks the server; the status is undefined where it cannot be had. */
export async function checkServer(
  context: Context,
): Promise<{ readonly status: Status | undefined; readonly findings: Finding[] }> {
  let control: Control
  try {
    control = await context.control()
  } catch (error) {
    const { detail, next } = publicFault(error)
    return { status: undefined, findings: [{ check: 'credential', state: 'bad', detail, next }] }
  }
  const credential: Finding = {
    check: 'credential',
    state: 'ok',
    detail: `of ${control.operator.name}, for ${control.operator.control}`,
  }
  let status: Status
  try {
    status = await control.get('/v1/status', Status)
  } catch (error) {
    return { status: undefined, findings: [credential, await silent(control, error)] }
  }
  const { identity, gateway } = status.listeners
  const findings = [
    credential,
    { check: 'server', state: 'ok', detail: `version ${status.version} answers` } as const,
    checkRoot(status, context.screen.now),
    await checkListener('identity', identity),
    await checkListener('gateway', gateway),
    ...status.warnings.map((detail): Finding => ({ check: 'warning', state: 'warn', detail })),
  ]
  return { status, findings }
}
