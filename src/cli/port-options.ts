// Holds the options of commands that listen: which ports, how many threads, and where the operator's own log goes.

import { Option, type Command } from 'commander'
import {
  MOST_WORKERS,
  PORTS,
  settings,
  type SettingFlags,
  type Settings,
} from '../server/settings.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'

/** Ports as commander reads them. */
export interface PortOptions {
  readonly controlPort?: number
  readonly identityPort?: number
  readonly gatewayPort?: number
  readonly gatewayPlainPort?: number
  readonly linkPort?: number
  readonly workers?: number
  readonly standby?: boolean
}

function port(text: string): number {
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value > 65_535) {
    throw fault('cli.usage', `\`${text.slice(0, 32)}\` is no port: 0 to 65535, 0 for any free one`)
  }
  return value
}

function workers(text: string): number {
  const value = Number(text)
  if (!/^\d{1,2}$/.test(text) || value > MOST_WORKERS) {
    throw fault(
      'cli.usage',
      `\`${text.slice(0, 32)}\` is no number of workers: 0 to ${MOST_WORKERS}`,
    )
  }
  return value
}

/** Adds the options. */
export function withPorts(command: Command): Command {
  return command
    .addOption(new Option('--control-port <port>', `for people (${PORTS.control})`).argParser(port))
    .addOption(
      new Option('--identity-port <port>', `for enrolling (${PORTS.identity})`).argParser(port),
    )
    .addOption(new Option('--gateway-port <port>', `for agents (${PORTS.gateway})`).argParser(port))
    .addOption(
      new Option(
        '--gateway-plain-port <port>',
        `for agents with tokens, on this machine (${PORTS.plainGateway})`,
      ).argParser(port),
    )
    .addOption(
      new Option(
        '--link-port <port>',
        `for gateways that run on their own (none; ${PORTS.link})`,
      ).argParser(port),
    )
    .addOption(
      new Option(
        '--workers <n>',
        'threads that do the TLS of agents beside the one that decides (0)',
      ).argParser(workers),
    )
}

/** The settings that the options and the environment make. */
export function listenSettings(
  context: Context,
  options: PortOptions,
  logFile: string | undefined,
  more: Pick<SettingFlags, 'unlockDelayS' | 'approverDelayS'> = {},
): Settings {
  return settings({ ...options, ...more, home: context.home, logFile }, context.shell.env)
}
