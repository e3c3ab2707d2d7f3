// Holds the settings of a Bailiwick that runs: flags over environment over defaults.

import { userInfo } from 'node:os'
import { serverFault } from './faults.ts'
import { defaultHome } from './home.ts'
import type { LockOn } from './responses.ts'

/** Everything that start-up is told. */
export interface Settings {
  readonly home: string
  /** All listeners are on this address. */
  readonly host: '127.0.0.1'
  /** 0 takes any free port. */
  readonly controlPort: number
  readonly identityPort: number
  readonly gatewayPort: number
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
}

/** Ports of DESIGN §7. */
export const PORTS = { control: 7400, identity: 7402, gateway: 7443 } as const

/** Flags as a command line gives them. */
export interface SettingFlags {
  readonly home?: string | undefined
  readonly controlPort?: number | undefined
  readonly identityPort?: number | undefined
  readonly gatewayPort?: number | undefined
  readonly logFile?: string | undefined
}

/** Puts settings together. Throws `server.setting` for a variable that is not what it has to be. */
export function settings(
  flags: SettingFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const port = (flag: number | undefined, name: string, otherwise: number): number =>
    flag ?? whole(environment, name, otherwise, 0, 65_535)
  return {
    home: flags.home ?? defaultHome(environment),
    host: '127.0.0.1',
    controlPort: port(flags.controlPort, 'BAILIWICK_CONTROL_PORT', PORTS.control),
    identityPort: port(flags.identityPort, 'BAILIWICK_IDENTITY_PORT', PORTS.identity),
    gatewayPort: port(flags.gatewayPort, 'BAILIWICK_GATEWAY_PORT', PORTS.gateway),
    environment,
    account: account(),
    logFile: flags.logFile,
    holdMs: whole(environment, 'BAILIWICK_HOLD_MS', 45_000, 1, 55_000),
    approvalMs: whole(environment, 'BAILIWICK_APPROVAL_MS', 300_000, 1, 86_400_000),
    lockOn: word(environment, 'BAILIWICK_LOCK_ON', ['replays', 'high', 'none']),
  }
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
