// Holds witnessing as a server sees it: the witnesses of this home's log, and a witness for the logs of others.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import type { AuditLog } from '../audit/log.ts'
import { LogFolder } from '../audit/log-folder.ts'
import { isOutboundHost } from '../audit/outbound.ts'
import { openAsk } from '../audit/witness/ask.ts'
import { witnessFault } from '../audit/witness/faults.ts'
import { WitnessClient, type WitnessedState } from '../audit/witness/witness-client.ts'
import { openWitnessKey } from '../audit/witness/witness-key.ts'
import { witnessServer } from '../audit/witness/witness-server.ts'
import { Witness } from '../audit/witness/witness.ts'
import { lockHome } from '../store/home-lock.ts'
import { rfc3339, type Clock } from '../std/clock.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { cosignatureTime } from '../tlog/cosignature.ts'
import { evaluatePolicy, parseWitnessPolicy, type WitnessPolicy } from '../tlog/policy.ts'
import { formatVkey, parseVkey, readNote } from '../tlog/note.ts'
import type { Ground } from './ground.ts'
import type { Settings } from './settings.ts'
import type { Machine } from './ground.ts'
import type { Stack } from './stack.ts'

/** File of the policy in a home. */
const POLICY_FILE = 'witness.policy'

/** Longest that a gateway follows the log of PostgreSQL from behind without that being evidence of anything (ms). */
const LAG_MS = 600_000

/** How far the log of this home is witnessed; undefined where it names no witnesses. */
export type WitnessedPort = () => WitnessedState | undefined

/** The policy of a home; undefined where there is none. Throws `tlog.policy`, `tlog.vkey`, `witness.options`. */
function readWitnessPolicy(home: string): WitnessPolicy | undefined {
  const path = join(home, POLICY_FILE)
  if (!existsSync(path)) return undefined
  const policy = parseWitnessPolicy(readFileSync(path, 'utf8'))
  const open = policy.witnesses.find(({ url }) => url !== undefined && !isSafe(url))
  if (open !== undefined) {
    throw witnessFault(
      'witness.options',
      `the witness ${open.name} is asked over https, or on this machine`,
    )
  }
  const nowhere = policy.witnesses.find(
    ({ url }) => url !== undefined && !isOutboundHost(new URL(url).hostname),
  )
  if (nowhere !== undefined) {
    throw witnessFault('witness.options', `nothing is sent to the address of ${nowhere.name}`)
  }
  return policy
}

/** Verifier keys as lines: those of `log.vkey`, and those of the witnesses of the home's policy. */
export function verifierKeys(home: string): {
  readonly log: readonly string[]
  readonly witnesses: readonly string[]
} {
  const lines = readFileSync(join(home, 'log.vkey'), 'utf8').split('\n')
  const witnesses = readWitnessPolicy(home)?.witnesses ?? []
  return {
    log: lines.filter((line) => line !== ''),
    witnesses: witnesses.map(({ vkey }) => formatVkey(vkey.name, vkey.type, vkey.publicKey)),
  }
}

/** Starts to ask the witnesses that `witness.policy` names. */
export function openWitnesses(
  { audit, note }: Pick<Ground, 'note'> & { readonly audit: Pick<AuditLog, 'append' | 'shards'> },
  settings: Pick<Settings, 'databaseUrl' | 'home' | 'witnessMs'>,
  machine: Machine,
  stack: Stack,
): WitnessedPort {
  const policy = readWitnessPolicy(settings.home)
  if (policy === undefined) return () => undefined
  const { ask, show, close } = openAsk()
  const client = new WitnessClient({
    directory: join(settings.home, 'log'),
    policy,
    everyMs: settings.witnessMs,
    clock: machine.clock,
    timer: machine.timer,
    ask,
    show,
    vkeys: () => readFileSync(join(settings.home, 'log.vkey'), 'utf8'),
    shard: () => audit.shards.at(-1)?.name,
    lagMs: settings.databaseUrl === undefined ? 0 : LAG_MS,
    onForked: (witness, { detail, note: evidence }) => {
      note('a witness shows that this log has two histories', { witness, detail })
      // The evidence stands in the record: who reads it needs nobody's word.
      const body = { witness, detail, evidence }
      audit
        .append({ type: 'log.forked', phase: 'lifecycle', body })
        .catch((error: unknown) => note('trouble', { error: String(error) }))
    },
  })
  stack.push(async () => {
    await client.close()
    await close()
  })
  return () => client.state()
}

/** A witness over a folder of its own, not listening yet. Throws `witness.options`, `tlog.vkey`. */
export function openWitness(of: {
  readonly directory: string
  readonly name: string
  /** Verifier keys of the logs that it knows, one a line. */
  readonly logs: string
  readonly clock: Clock
  readonly failed: (error: unknown) => void
}): { readonly server: Server; readonly vkey: string; readonly release: () => void } {
  const lines = of.logs.split('\n').filter((line) => line.trim() !== '')
  for (const line of lines) parseVkey(line.trim())
  // One process per folder: two would cosign two histories.
  const lock = lockHome(of.directory)
  const { signer, vkey } = openWitnessKey(of.directory, of.name, of.clock)
  const witness = new Witness({ directory: of.directory, logs: of.logs, signer, vkey })
  return { server: witnessServer(witness, of.failed), vkey, release: () => lock.release() }
}

function isSafe(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
}

/** How far one log is witnessed, or what one witness has cosigned of it. */
export interface WitnessedLog {
  readonly origin: string
  /** Records under its published checkpoint; of a witness, those that it cosigned. */
  readonly size: number
  /** Records under the newest checkpoint that anybody else has signed. */
  readonly witnessed: number
  /** When its newest cosignature was made, RFC 3339; null where there is none. */
  readonly at: string | null
  /** Names of the policy's witnesses who signed that, and how many the policy names. */
  readonly by: readonly string[]
  readonly named: number
  /** Whether they are the quorum of the policy. */
  readonly quorum: boolean
}

/** The log of a home by its files, a line for each half-year, the oldest first. Throws `witness.options` where it names no witnesses. */
export function witnessedLogs(home: string): WitnessedLog[] {
  const policy = readWitnessPolicy(home)
  if (policy === undefined) {
    throw witnessFault('witness.options', 'this home has no witness.policy: nobody sees its log')
  }
  const folder = new LogFolder(join(home, 'log'))
  return folder.names().flatMap((name) => {
    const files = folder.shard(name)
    const note = files.checkpoint()
    if (note === undefined) return []
    const seen = files.witnessed()
    const { cosignatures, met } = evaluatePolicy(policy, seen ?? note)
    const times = cosignatures.map(({ time }) => time)
    const { origin, size } = parseCheckpoint(readNote(note).body)
    return [
      {
        origin,
        size,
        witnessed: seen === undefined ? 0 : parseCheckpoint(readNote(seen).body).size,
        at: times.length === 0 ? null : rfc3339(Math.max(...times) * 1_000),
        by: cosignatures.map(({ name: witness }) => witness),
        named: policy.witnesses.length,
        quorum: met,
      },
    ]
  })
}

/** What the witness of a folder has cosigned, by its files: a line for each log. It need not run. */
export function cosignedLogs(directory: string): WitnessedLog[] {
  return readdirSync(directory)
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .map((name) => {
      const { body, signatures } = readNote(readFileSync(join(directory, name), 'utf8'))
      const { origin, size } = parseCheckpoint(body)
      const own = signatures.filter((one) => one.name !== origin)
      const [time] = own.map(({ signature }) => cosignatureTime(signature))
      const at = time === undefined ? null : rfc3339(time * 1_000)
      return {
        origin,
        size,
        witnessed: size,
        at,
        by: own.map((one) => one.name),
        named: 1,
        quorum: true,
      }
    })
    .toSorted((a, b) => a.origin.localeCompare(b.origin))
}
