// Holds the settings of a Bailiwick that runs: flags over environment over defaults.

import { userInfo } from 'node:os'
import { defaultHome } from './home.ts'

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

/** Puts settings together. A port that is no port becomes NaN, which listening refuses by name. */
export function settings(
  flags: SettingFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const port = (flag: number | undefined, name: string, otherwise: number): number =>
    flag ?? (environment[name] === undefined ? otherwise : Number(environment[name]))
  return {
    home: flags.home ?? defaultHome(environment),
    host: '127.0.0.1',
    controlPort: port(flags.controlPort, 'BAILIWICK_CONTROL_PORT', PORTS.control),
    identityPort: port(flags.identityPort, 'BAILIWICK_IDENTITY_PORT', PORTS.identity),
    gatewayPort: port(flags.gatewayPort, 'BAILIWICK_GATEWAY_PORT', PORTS.gateway),
    environment,
    account: userInfo().username,
    logFile: flags.logFile,
  }
}
