// Holds the options by which a command gets an identity: through the operator's credential, or with a join token.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import { isName } from '../std/id.ts'
import type { Context } from './context.ts'
import { fileEnrolment, operatorEnrolment, type Enrolment } from './enrolment.ts'
import { fault } from './faults.ts'

/** Options as commander reads them. */
export interface JoinOptions {
  readonly as: string
  /** A file, or `-` for standard input. */
  readonly joinTokenFile?: string
  readonly identity?: string
  readonly gateway?: string
}

const IDENTITY = 'https://127.0.0.1:7402'
const GATEWAY = 'https://127.0.0.1:7443'

/** Adds the options. */
export function withJoin(command: Command, as: string, stdin: string): Command {
  return command
    .requiredOption('--as <agent>', as)
    .option('--join-token-file <file>', `enrol with the join token in a file${stdin}`)
    .option('--identity <url>', `identity listener, with --join-token-file (default: ${IDENTITY})`)
    .option('--gateway <url>', `gateway, with --join-token-file (default: ${GATEWAY})`)
}

/** The way that the options name. Throws `cli.usage` for an agent that cannot be one. */
export function enrolmentOf(context: Context, options: JoinOptions): Enrolment {
  const { shell } = context
  const { env, cwd } = shell
  const { as, joinTokenFile: file } = options
  if (!isName(as)) throw fault('cli.usage', '--as is no name of an agent')
  if (file === undefined) return operatorEnrolment(context, as)
  return fileEnrolment(shell, {
    agent: as,
    file: file === '-' ? 0 : resolve(cwd, file),
    identityUrl: options.identity ?? env['BAILIWICK_IDENTITY'] ?? IDENTITY,
    gatewayUrl: options.gateway ?? env['BAILIWICK_GATEWAY'] ?? GATEWAY,
  })
}
