// Holds `gateway run`: a gateway as a process of its own, from its join token on.

import { resolve } from 'node:path'
import { startGateway } from '../server/remote/start.ts'
import { enrolGateway, hasJoined, savedIdentity } from '../server/remote/identity.ts'
import { controlAddresses, leasesOf } from '../server/remote/settings.ts'
import { PORTS, settings } from '../server/settings.ts'
import { makeHome } from '../server/home.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'
import { untilInterrupted } from './until.ts'
import { wholeInput } from './whole-input.ts'

/** Options as commander reads them. */
export interface GatewayRunOptions {
  readonly control: string
  readonly joinFile?: string
  readonly identity?: string
  readonly host?: string
  readonly port?: number
  readonly plainPort?: number
}

/** The join token, wherever it is; undefined where the gateway has enrolled already. */
async function tokenOf(
  { home, shell }: Context,
  { joinFile }: GatewayRunOptions,
  read: (file: string) => string,
): Promise<string | undefined> {
  if (joinFile === '-')
    return Buffer.from(await wholeInput(shell))
      .toString('utf8')
      .trim()
  if (joinFile === undefined) return shell.env['BAILIWICK_JOIN_TOKEN'] || undefined
  const path = resolve(shell.cwd, joinFile)
  try {
    return read(path).trim()
  } catch (cause) {
    // Who has enrolled needs none any more: whoever runs it may have taken the file away.
    if (savedIdentity(home) !== undefined) return undefined
    throw fault('cli.file', `${path} cannot be read`, cause)
  }
}

/** Runs it until it is asked to end. */
export async function runGateway(
  context: Context,
  options: GatewayRunOptions,
  read: (file: string) => string,
): Promise<void> {
  const { home, screen, shell } = context
  const { env } = shell
  const control = controlAddresses(options.control)
  const leases = leasesOf(env)
  const { holdMs, upstreamSandbox } = settings({ home }, env)
  const token = await tokenOf(context, options, read)
  if (token !== undefined && !hasJoined(home, token)) {
    const { identity } = options
    if (identity === undefined) throw fault('cli.usage', '--identity says where it enrols')
    makeHome(home)
    const enrolled = await enrolGateway(home, { identity, token })
    screen.say(`enrolled as ${enrolled.spiffe_id}`)
  }
  const running = await startGateway(
    {
      home,
      control,
      host: options.host ?? '127.0.0.1',
      port: options.port ?? PORTS.gateway,
      plainPort: options.plainPort,
      environment: env,
      logFile: undefined,
      holdMs,
      leases,
      upstreamSandbox,
    },
    shell,
  )
  try {
    const { name, plain, url } = running
    const told = { ready: true, gateway: name, url, ...(plain !== undefined && { plain }) }
    screen.answer(told, () => `ready: ${name} at ${url}\n`)
    await untilInterrupted(shell.interrupted)
  } finally {
    await running.close()
  }
}
