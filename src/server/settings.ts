// Holds the settings of a Bailiwick that runs: flags over environment over defaults.

import { userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { BREAKER_BOUNDS, MOST_TIMES, type BreakerBounds } from '../authority/history/breaker.ts'
import type { VaultSettings } from './credentials/vault-client.ts'
import { serverFault } from './faults.ts'
import { defaultHome } from './home.ts'
import { listenSetting, type ListenSetting } from './listen-setting.ts'
import type { LockOn } from './responses.ts'
import { vaultSetting } from './vault-setting.ts'

/** Everything that start-up is told. */
export interface Settings extends ListenSetting {
  readonly home: string
  /** Name of this gateway in every record. */
  readonly gatewayName: string
  /** PostgreSQL, where the rows are not in the home; a secret as a whole. */
  readonly databaseUrl: string | undefined
  /** When a record counts, where PostgreSQL orders the log. */
  readonly auditAck: 'auto' | 'local' | 'remote'
  /** Whether to wait while another process has the database, instead of refusing. */
  readonly standby: boolean
  /** 0 takes any free port. */
  readonly controlPort: number
  readonly identityPort: number
  readonly gatewayPort: number
  /** The gateway without TLS, for tokens; undefined: there is none. */
  readonly plainGatewayPort: number | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The account that runs this process. */
  readonly account: string
  /** Where the operator's own log goes: a file, or standard error. */
  readonly logFile: string | undefined
  /** How long one request of a held call waits before its caller is told to ask again (ms, at most 55 s). */
  readonly holdMs: number
  /** How long people have to answer an approval (ms). */
  readonly approvalMs: number
  /** Which findings lock the instance that they are about. */
  readonly lockOn: LockOn
  /** How many denials, errors and identical calls an agent may have within a minute; 0: any number. */
  readonly breaker: BreakerBounds
  /** URL of the authorization server where others know it by another than that of the identity listener. */
  readonly issuer: string | undefined
  /** Life of tokens that are bound to no key (ms, at most five minutes); 0, the default: there are none (INV-8). */
  readonly unboundTokensMs: number
  /** Whether OAuth clients may publish their documents on this machine: for development alone. */
  readonly loopbackClients: boolean
  /** How many records one instance may cause. */
  readonly recordQuota: { readonly perSecond: number; readonly perDay: number }
  /** Between two rounds of asking witnesses (ms). */
  readonly witnessMs: number
  /** Days for which decided calls are kept for replay; 0 keeps none. */
  readonly trafficDays: number
  /** Bytes of them altogether; the oldest days go first. */
  readonly trafficBytes: number
  /** How long a person who is the only one who may lift a lock waits for that (ms); 0: not at all. */
  readonly unlockDelayMs: number
  /** How long people wait who govern alone, or newly. */
  readonly governance: { readonly aloneMs: number; readonly approverMs: number }
  /** Whether a second administrator has to agree before policies are in force. */
  readonly policyFourEyes: boolean
  /** Where gateways connect; undefined: none can. */
  readonly linkPort: number | undefined
  /** Threads that do the gateway's TLS beside the one that decides; 0: that one does it. */
  readonly workers: number
  /** Whether programs of systems run in sandboxes: where they can, or not at all without. */
  readonly upstreamSandbox: 'require' | 'prefer' | 'off'
  /** Where local processes find the Workload API, and who may connect; undefined where it is switched off. */
  readonly workload: WorkloadSetting | undefined
  /** Where credentials may be kept besides this home; undefined: nowhere. */
  readonly vault: VaultSettings | undefined
}

/** The unix socket of the Workload API. */
export interface WorkloadSetting {
  /** Absolute. */
  readonly path: string
  /** 0600 this account, 0660 its group as well, 0666 every account of the machine. */
  readonly mode: number
  /** False for the place that follows from the home: where that cannot be, Bailiwick runs without. */
  readonly chosen: boolean
}

/** Ports of DESIGN §7. */
export const PORTS = {
  control: 7400,
  identity: 7402,
  gateway: 7443,
  plainGateway: 7401,
  link: 7444,
} as const

/** Flags as a command line gives them. */
export interface SettingFlags {
  readonly home?: string | undefined
  readonly controlPort?: number | undefined
  readonly identityPort?: number | undefined
  readonly gatewayPort?: number | undefined
  readonly gatewayPlainPort?: number | undefined
  /** Where gateways connect; absent: as the environment says, and else not at all. */
  readonly linkPort?: number | undefined
  readonly workers?: number | undefined
  readonly logFile?: string | undefined
  readonly standby?: boolean | undefined
  /** Where the environment says nothing: how long who is alone waits for a lock to be lifted (s). */
  readonly unlockDelayS?: number | undefined
  /** The same: how long who is newly asked about held calls waits before they decide (s). */
  readonly approverDelayS?: number | undefined
}

/** Threads that do TLS: beyond, the one that decides is what calls wait for. */
export const MOST_WORKERS = 64

/** Who newly has a say waits thirty days at most (s). */
const MOST_DELAY_S = 30 * 86_400

/** Above what anybody would set. */
const MANY = 1_000_000

/** Puts settings together. Throws `server.setting` for a variable that is not what it has to be. */
export function settings(
  flags: SettingFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const port = (flag: number | undefined, name: string, otherwise: number): number =>
    flag ?? whole(environment, name, otherwise, 0, 65_535)
  const home = flags.home ?? defaultHome(environment)
  const gatewayPort = port(flags.gatewayPort, 'BAILIWICK_GATEWAY_PORT', PORTS.gateway)
  // Whoever takes any free port for one takes it for the other.
  const plain = gatewayPort === 0 ? 0 : PORTS.plainGateway
  const plainOff = environment['BAILIWICK_GATEWAY_PLAIN_PORT'] === 'off'
  return {
    home,
    gatewayName: gatewayName(environment['BAILIWICK_GATEWAY_NAME'] ?? ''),
    databaseUrl: environment['BAILIWICK_DATABASE_URL'] || environment['DATABASE_URL'] || undefined,
    auditAck: word(environment, 'BAILIWICK_AUDIT_ACK', ['auto', 'local', 'remote']),
    standby: flags.standby === true,
    ...listenSetting(environment),
    controlPort: port(flags.controlPort, 'BAILIWICK_CONTROL_PORT', PORTS.control),
    identityPort: port(flags.identityPort, 'BAILIWICK_IDENTITY_PORT', PORTS.identity),
    gatewayPort,
    plainGatewayPort:
      plainOff && flags.gatewayPlainPort === undefined
        ? undefined
        : port(flags.gatewayPlainPort, 'BAILIWICK_GATEWAY_PLAIN_PORT', plain),
    linkPort: linkPort(flags, environment),
    environment,
    account: account(),
    logFile: flags.logFile,
    holdMs: whole(environment, 'BAILIWICK_HOLD_MS', 45_000, 1, 55_000),
    approvalMs: whole(environment, 'BAILIWICK_APPROVAL_MS', 300_000, 1, 86_400_000),
    issuer: issuer(environment['BAILIWICK_ISSUER'] ?? ''),
    unboundTokensMs: whole(environment, 'BAILIWICK_UNBOUND_TOKENS_S', 0, 0, 300) * 1_000,
    loopbackClients: whole(environment, 'BAILIWICK_CIMD_LOOPBACK', 0, 0, 1) === 1,
    recordQuota: {
      perSecond: whole(environment, 'BAILIWICK_RECORDS_PER_SECOND', 2_000, 1, 100_000),
      perDay: whole(environment, 'BAILIWICK_RECORDS_PER_DAY', 20_000_000, 1, 1_000_000_000),
    },
    witnessMs: whole(environment, 'BAILIWICK_WITNESS_MS', 10_000, 100, 3_600_000),
    trafficDays: whole(environment, 'BAILIWICK_TRAFFIC_DAYS', 30, 0, 365),
    trafficBytes: whole(environment, 'BAILIWICK_TRAFFIC_MB', 1_024, 1, 1_048_576) * 1_048_576,
    ...waits(flags, environment),
    policyFourEyes: whole(environment, 'BAILIWICK_POLICY_FOUR_EYES', 0, 0, 1) === 1,
    breaker: {
      denials: whole(environment, 'BAILIWICK_BREAKER_DENIALS', BREAKER_BOUNDS.denials, 0, MANY),
      errors: whole(environment, 'BAILIWICK_BREAKER_ERRORS', BREAKER_BOUNDS.errors, 0, MANY),
      identical: whole(
        environment,
        'BAILIWICK_BREAKER_IDENTICAL',
        BREAKER_BOUNDS.identical,
        0,
        MOST_TIMES,
      ),
    },
    lockOn: word(environment, 'BAILIWICK_LOCK_ON', ['replays', 'high', 'none']),
    workers: flags.workers ?? whole(environment, 'BAILIWICK_WORKERS', 0, 0, MOST_WORKERS),
    upstreamSandbox: word(environment, 'BAILIWICK_UPSTREAM_SANDBOX', ['prefer', 'require', 'off']),
    workload: workload(home, environment),
    vault: vaultSetting(environment),
  }
}

function linkPort(flags: SettingFlags, environment: Settings['environment']): number | undefined {
  if (flags.linkPort !== undefined) return flags.linkPort
  const said = environment['BAILIWICK_LINK_PORT'] ?? ''
  if (said === 'off' || said === '') return undefined
  return whole(environment, 'BAILIWICK_LINK_PORT', PORTS.link, 0, 65_535)
}

/** How long people wait: who is alone to lift a lock, and as long, unless said otherwise, to change who governs; who newly has a say to use it. */
function waits(
  flags: SettingFlags,
  environment: Settings['environment'],
): Pick<Settings, 'unlockDelayMs' | 'governance'> {
  const seconds = (name: string, otherwise: number, most: number): number =>
    whole(environment, name, otherwise, 0, most)
  const unlock = seconds('BAILIWICK_UNLOCK_DELAY_S', flags.unlockDelayS ?? 600, 86_400)
  const alone = seconds('BAILIWICK_GOVERNANCE_DELAY_S', unlock, 86_400)
  const newly = flags.approverDelayS ?? 86_400
  const approver = seconds('BAILIWICK_APPROVER_DELAY_S', newly, MOST_DELAY_S)
  return {
    unlockDelayMs: unlock * 1_000,
    governance: { aloneMs: alone * 1_000, approverMs: approver * 1_000 },
  }
}

/** Closed to other accounts unless somebody says otherwise: who may connect is who may ask, not who gets an identity. */
function workload(home: string, environment: Settings['environment']): WorkloadSetting | undefined {
  const mode = Number.parseInt(
    word(environment, 'BAILIWICK_WORKLOAD_SOCKET_MODE', ['600', '660', '666']),
    8,
  )
  const named = environment['BAILIWICK_WORKLOAD_SOCKET'] ?? ''
  if (named === 'off') return undefined
  if (named === '')
    return { path: join(resolve(home), 'run', 'workload.sock'), mode, chosen: false }
  if (isAbsolute(named)) return { path: named, mode, chosen: true }
  throw serverFault('server.setting', 'BAILIWICK_WORKLOAD_SOCKET is an absolute path, or off')
}

/** An origin with https and nothing behind it: metadata stands at its root (RFC 8414 §3), and `iss` is compared as text. */
function issuer(text: string): string | undefined {
  if (text === '') return undefined
  if (URL.canParse(text) && new URL(text).origin === text && text.startsWith('https://'))
    return text
  throw serverFault('server.setting', 'BAILIWICK_ISSUER is like https://auth.example.com')
}

/** A name for records and for other processes at the same database. */
function gatewayName(text: string): string {
  if (text === '') return 'gateway-1'
  if (/^[a-z0-9][a-z0-9.-]{0,62}$/.test(text)) return text
  throw serverFault('server.setting', 'BAILIWICK_GATEWAY_NAME is like gateway-1')
}

/** The name of this account; its number where the machine knows no name for it. */
function account(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/** A whole number from the environment. What is none refuses to start: a typo must not change how long a gate waits. */
function whole(
  environment: Settings['environment'],
  name: string,
  otherwise: number,
  least: number,
  most: number,
): number {
  const text = environment[name]
  if (text === undefined || text === '') return otherwise
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw serverFault('server.setting', `${name} is a whole number from ${least} to ${most}`)
}

/** One of a few words from the environment, the first where it says nothing. */
function word<W extends string>(
  environment: Settings['environment'],
  name: string,
  words: readonly [W, ...W[]],
): W {
  const text = environment[name]
  if (text === undefined || text === '') return words[0]
  const found = words.find((one) => one === text)
  if (found !== undefined) return found
  throw serverFault('server.setting', `${name} is one of ${words.join(', ')}`)
}
