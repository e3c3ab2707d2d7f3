// Holds the `unix` attestor: what the kernel says of a local process becomes the selectors that registrations match.

import type { Attested } from './attested.ts'
import { fault } from './unix-faults.ts'
import { fileNameOf, isInterpreter } from './unix-interpreters.ts'
import type { PeerConnection, PeerKernel } from './unix-peer.ts'
import { parseUnixSelector, unixSelector } from './unix-selectors.ts'

/** What the attestor vouches for. There is one kernel, so the source has no name; the subject is `<pid>:<start>`. */
export interface UnixEvidence extends Attested {
  readonly attestor: 'unix'
  readonly source: ''
  /** Values by name, from which a registration may take the `code` of a composition. */
  readonly facts: Readonly<Record<string, string>>
}

/** What names one process in evidence. */
export function processSubject(of: { readonly pid: number; readonly started: string }): string {
  return `${of.pid}:${of.started}`
}

/**
 * Reads everything anew and vouches for it only if the process was the same before and after: otherwise parts could come from
 * two processes that had the same number. Nothing here asks the process itself: its arguments and environment are its own
 * words. Throws `unix.gone`.
 */
export async function attestUnix(
  kernel: PeerKernel,
  connection: PeerConnection,
): Promise<UnixEvidence> {
  const { peer } = connection
  const facts = [
    unixSelector('uid', String(peer.uid)),
    unixSelector('gid', String(peer.gid)),
    ...kernel.userNames(peer.uid).map((name) => unixSelector('user', name)),
    unixSelector('cgroup', kernel.cgroup(peer.pid) ?? ''),
    ...(await programSelectors(kernel, peer.pid)),
  ]
  if (!connection.same()) throw fault('unix.gone', 'the process that connected is no more')
  const selectors = facts.filter((one) => one !== undefined).sort()
  const read = selectors.flatMap((one) => parseUnixSelector(one) ?? [])
  return {
    attestor: 'unix',
    source: '',
    selectors,
    facts: Object.fromEntries(read.map(({ name, value }) => [name, value])),
    subject: processSubject(peer),
  }
}

/** Path and digest of what a process runs. An interpreter has neither: they would say nothing of what it does. */
async function programSelectors(kernel: PeerKernel, pid: number): Promise<(string | undefined)[]> {
  const program = kernel.program(pid)
  if (program === undefined) return []
  const { link } = program
  // The link of a deleted file ends in ` (deleted)`, and so may the name of a file: only where it leads tells them apart.
  const name = link === undefined ? '' : fileNameOf(link.replace(/ \(deleted\)$/, ''))
  if (isInterpreter(name)) return []
  const path = link !== undefined && program.linkLeadsHere ? unixSelector('path', link) : undefined
  const content = await kernel.digest(pid)
  const digest = content?.file === program.file ? unixSelector('sha256', content.sha256) : undefined
  return [path, digest]
}
