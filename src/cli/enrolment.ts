// Holds how a command gets an identity for an agent: through the operator's credential, or with a join token from a file.

import { readFileSync } from 'node:fs'
import { Fault } from '../std/fault.ts'
import { JoinTokenAnswer } from '../wire/api/agent.ts'
import { Status } from '../wire/api/status.ts'
import { parseSpiffeId } from '../wire/spiffe.ts'
import type { Context } from './context.ts'
import { target, type Control } from './control/control.ts'
import { fault as cliFault } from './faults.ts'
import type { Evidence } from './identity/evidence.ts'
import { fault as holderFault } from '../server/holder/faults.ts'
import { Holder } from './identity/holder.ts'
import { address } from '../server/holder/pin.ts'
import { fault } from './mcp/faults.ts'
import type { Shell } from './shell.ts'
import { isUnknownWork, taskOf, type Work } from './task/work.ts'
import { wholeInput } from './whole-input.ts'

/** A live identity, and where its gateway is. */
export interface Enrolled {
  readonly holder: Pick<Holder, 'identity' | 'over' | 'dispatcher' | 'onEnded' | 'close'>
  /** Origin of the gateway, dialled as it stands. */
  readonly gateway: string
  /** Id of the task that every request names; absent: none, as where its delegation is bound to one. */
  readonly task?: string
}

/** A way to get identities for one agent. */
export interface Enrolment {
  /** Name of the agent, for people. */
  readonly agent: string
  /** Enrols one instance. `last` is the instance that this bridge was before, if any. */
  enrol(last: string | undefined): Promise<Enrolled>
}

/** The way of a person: a fresh join token on their behalf, every time, for the work that the command says. */
export function operatorEnrolment(
  context: Context,
  agent: string,
  work: Work,
  district = false,
): Enrolment {
  return {
    agent,
    enrol: async (last) => {
      const control = await context.control()
      const { listeners } = await control.get('/v1/status', Status)
      const task = await taskOf(control, agent, work, context.shell.clock.now())
      const token = await joinToken(control, agent, {
        replaces: last,
        task,
        ...(district && { district }),
      })
      const holder = await Holder.enrol({
        ...ports(context.shell),
        identityUrl: token.identity_url,
        joinToken: token.token,
      })
      return { holder, gateway: address(listeners.gateway).origin }
    },
  }
}

/** A fresh token. INV-5: what a person revoked does not come back by itself; the authority says whether that is so. */
async function joinToken(
  control: Control,
  agent: string,
  wish: {
    readonly replaces: string | undefined
    readonly task: Awaited<ReturnType<typeof taskOf>> | undefined
    readonly district?: boolean
  },
): Promise<JoinTokenAnswer> {
  const path = target(['v1', 'agents', agent, 'join-tokens'])
  try {
    return await control.send('POST', path, wish, JoinTokenAnswer)
  } catch (error) {
    // No policy knows what it would do: without a task it gets as far as being told what is wrong.
    if (isUnknownWork(error) && wish.task !== undefined)
      return joinToken(control, agent, { ...wish, task: undefined })
    if (!(error instanceof Fault) || error.code !== 'attest.revoked') throw error
    throw fault('bridge.revoked', `instance ${wish.replaces ?? ''} was revoked`, error)
  }
}

/** The way of a program without a person: one join token from a file, used once. */
export function fileEnrolment(
  shell: Shell,
  from: {
    readonly agent: string
    /** A path, or 0 for standard input. */
    readonly file: string | 0
    /** Id of the task that its requests name. */
    readonly task?: string
    readonly identityUrl: string
    readonly gatewayUrl: string
  },
): Enrolment {
  let used: string | undefined
  return {
    agent: from.agent,
    enrol: async () => {
      const joinToken = (await tokenText(shell, from.file)).trim()
      if (joinToken === used) throw fault('bridge.token_used', 'the join token was used already')
      const gateway = address(from.gatewayUrl).origin
      const holder = await Holder.enrol({
        ...ports(shell),
        identityUrl: from.identityUrl,
        joinToken,
      })
      used = joinToken
      return { holder, gateway, ...named(from) }
    },
  }
}

/** The way of a workload that its platform or its fleet vouches for: evidence, read anew every time. */
export function attestedEnrolment(
  shell: Shell,
  from: {
    readonly agent: string
    readonly evidence: Evidence
    /** SHA-256 of the authority's root certificate, base64url. */
    readonly authority: string
    /** Id of the task that its requests name. */
    readonly task?: string
    readonly identityUrl: string
    readonly gatewayUrl: string
  },
): Enrolment {
  return {
    agent: from.agent,
    enrol: async (last) => {
      const { agent, evidence, authority, identityUrl, gatewayUrl } = from
      const gateway = address(gatewayUrl).origin
      const holder = await Holder.attest({
        ...ports(shell),
        identityUrl,
        authority,
        evidence,
        ...(last === undefined ? {} : { replaces: last }),
      })
      const id = parseSpiffeId(holder.identity.spiffeId)
      if (id?.kind === 'instance' && id.agent === agent) {
        return { holder, gateway, ...named(from) }
      }
      await holder.close()
      throw holderFault(
        'holder.other_agent',
        `this workload is registered for another agent than ${agent}`,
      )
    },
  }
}

async function tokenText(shell: Shell, file: string | 0): Promise<string> {
  if (file === 0) return Buffer.from(await wholeInput(shell)).toString('utf8')
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw cliFault('cli.file', `the join token file ${file} cannot be read`, cause)
  }
}

function named({ task }: { readonly task?: string }): Pick<Enrolled, 'task'> {
  return task === undefined ? {} : { task }
}

function ports({ clock, timer, entropy }: Shell): Pick<Shell, 'clock' | 'timer' | 'entropy'> {
  return { clock, timer, entropy }
}
