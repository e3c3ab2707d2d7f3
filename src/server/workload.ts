// Holds the Workload API put together: local processes, the roots, what stands against an instance, and the socket.

import { fault } from '../api/workload/faults.ts'
import { listenWorkload } from '../api/workload/listener.ts'
import type { WorkloadStanding, WorkloadTokens, WorkloadTrust } from '../api/workload/ports.ts'
import { linuxKernel } from '../authority/identity/attest/unix-kernel.ts'
import {
  UnixProcesses,
  type AttestedIdentities,
} from '../authority/identity/attest/unix-processes.ts'
import type { Roots } from '../authority/identity/roots.ts'
import type { Authority } from '../authority/open.ts'
import { Fault } from '../std/fault.ts'
import { isObject } from '../std/json.ts'
import type { Core } from './core.ts'

/** What an instance is, as far as something can stand against it. */
interface Standing {
  readonly id: string
  readonly agent: string
  /** Delegation id. */
  readonly delegation?: string
}

/** What the Workload API is put together from. */
export interface WorkloadParts {
  readonly core: Pick<Core, 'authority' | 'machine' | 'note' | 'refusals' | 'roots' | 'settings'>
  readonly identities: Omit<AttestedIdentities, 'live'> & {
    live(id: string): Standing | undefined
  }
  readonly tokens: WorkloadTokens
}

/** The Workload API as it runs. */
export interface RunningWorkload {
  /** Which process is which instance, for every surface that knows its callers by their process. */
  readonly processes: UnixProcesses
  /** `unix://` and the path of the socket. */
  readonly address: string
  close(): Promise<void>
}

/** The roots and the token key as the Workload API gives them. */
function trustOf(roots: Roots): WorkloadTrust {
  return {
    trustDomain: roots.trustDomain,
    roots: () => roots.trusted.map(({ certificate }) => certificate.raw),
    jwtKeys: () => {
      const { keys } = roots.bundle()
      const all = Array.isArray(keys) ? keys : []
      return { keys: all.filter((key) => isObject(key) && key['use'] === 'jwt-svid') }
    },
    onChange: (listener) => roots.onChange(listener),
  }
}

/** What stands against a live instance: its agent's state, its delegation, a lock on anything that it is or acts for. */
function againstInstance(authority: Authority, live: Standing): Fault | undefined {
  const { agents, delegations, locks } = authority
  const agent = agents.get(live.agent)
  if (agent?.state !== 'active') return fault('workload.not_standing', 'the agent is not active')
  const delegation = live.delegation === undefined ? undefined : delegations.get(live.delegation)
  if (live.delegation !== undefined && delegation === undefined) {
    return fault('workload.not_standing', 'the delegation that it acts under is over')
  }
  const behalf =
    delegation === undefined ? {} : { delegation: { id: delegation.id, person: delegation.person } }
  const actor = { instance: live.id, agent: live.agent, owner: agent.owner, ...behalf }
  // No system and no action: those are asked about at every call.
  return locks.find(actor, '', '') === undefined
    ? undefined
    : fault('workload.not_standing', 'it is locked, or what it acts for is')
}

function standingOf({ core, identities }: WorkloadParts): WorkloadStanding {
  const { agents, locks } = core.authority
  return {
    against: (id) => {
      const live = identities.live(id)
      return live === undefined
        ? fault('workload.ended', 'the identity of this process has ended')
        : againstInstance(core.authority, live)
    },
    onChange: (listener) => {
      const stops = [
        agents.onChange(() => listener()),
        locks.onChange(() => listener()),
        identities.onGone(() => listener()),
      ]
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}

/**
 * Starts the Workload API where the settings want it. Undefined, and noted, where this machine or the place that follows from the
 * home cannot have it; a place that somebody chose and that cannot be is a Fault.
 */
export async function serveWorkload(parts: WorkloadParts): Promise<RunningWorkload | undefined> {
  const { core, identities, tokens } = parts
  const { machine, note, refusals, roots, settings } = core
  if (settings.workload === undefined) return undefined
  const onFailure = (error: unknown): void => note('failed inside', { error: String(error) })
  let processes: UnixProcesses | undefined
  try {
    const kernel = linuxKernel()
    const running = new UnixProcesses({ ...machine, identities, kernel, onTrouble: onFailure })
    processes = running
    const listener = await listenWorkload(
      {
        ...machine,
        kernel,
        processes,
        tokens,
        trust: trustOf(roots),
        standing: standingOf(parts),
        onRefused: (code) => refusals.count(code, 'workload'),
        onFailure,
      },
      settings.workload,
    )
    return {
      processes,
      address: listener.address,
      close: async () => {
        await listener.close()
        await running.close()
      },
    }
  } catch (error) {
    await processes?.close()
    if (settings.workload.chosen || !(error instanceof Fault)) throw error
    note('the workload API is not served', { code: error.code, detail: error.detail })
    return undefined
  }
}
