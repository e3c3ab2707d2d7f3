// Holds the options by which a command gets an identity: through the operator's credential, with a join token, or by evidence.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { fromBase64url } from '../std/bytes.ts'
import { isName, isUuid } from '../std/id.ts'
import type { Context } from './context.ts'
import { attestedEnrolment, fileEnrolment, operatorEnrolment, type Enrolment } from './enrolment.ts'
import { fault } from './faults.ts'
import { DISTRICT_VARIABLE, insideEnrolment } from './identity/inside.ts'
import type { Work } from './task/work.ts'
import { certificateEvidence, tokenEvidence, type Evidence } from './identity/evidence.ts'

/** Options as commander reads them. */
export interface JoinOptions {
  readonly as: string
  /** A file, or `-` for standard input. */
  readonly joinTokenFile?: string
  readonly attest?: string
  readonly source?: string
  readonly tokenFile?: string
  readonly cert?: string
  readonly key?: string
  readonly authority?: string
  readonly identity?: string
  readonly gateway?: string
  readonly task?: string
  readonly intent?: string
}

const IDENTITY = 'https://127.0.0.1:7402'
const GATEWAY = 'https://127.0.0.1:7443'
const MAX_FILE = 65_536

/** Adds the options. */
export function withJoin(
  command: Command,
  as: string,
  stdin: string,
  flag: '--as' | '--agent' = '--as',
): Command {
  return command
    .requiredOption(`${flag} <agent>`, as)
    .option(
      '--task <id>',
      'the task that it is for (default: the only one that is open, or one of its own)',
    )
    .option('--intent <text>', 'open a task for it with these words; ends with it')
    .option('--join-token-file <file>', `enrol with the join token in a file${stdin}`)
    .option('--attest <attestor>', 'enrol by evidence: oidc or x509pop, without a credential')
    .option('--source <name>', 'the trust source of the evidence')
    .option('--token-file <file>', 'with --attest oidc: the token; read anew at every enrolment')
    .option('--cert <file>', 'with --attest x509pop: the certificate, then its intermediates')
    .option('--key <file>', 'with --attest x509pop: its private key')
    .option(
      '--authority <fingerprint>',
      'with --attest: the root of the right Bailiwick, by fingerprint',
    )
    .option('--identity <url>', `identity listener, without a credential (default: ${IDENTITY})`)
    .option('--gateway <url>', `gateway, without a credential (default: ${GATEWAY})`)
}

/** The way that the options name. Throws `cli.usage` for an agent that cannot be one. */
export function enrolmentOf(
  context: Context,
  options: JoinOptions,
  usually: Work['usually'],
  district = false,
): Enrolment {
  const { shell } = context
  const { env, cwd } = shell
  const { as, joinTokenFile: file, attest } = options
  if (!isName(as)) throw fault('cli.usage', '--as is no name of an agent')
  if (file !== undefined && attest !== undefined) {
    throw fault('cli.usage', 'give --join-token-file or --attest, not both')
  }
  const inside = env[DISTRICT_VARIABLE] ?? ''
  if (inside !== '' && file === undefined && attest === undefined)
    return insideEnrolment(as, inside)
  const { task, intent } = options
  if (task !== undefined && !isUuid(task)) throw fault('cli.usage', '--task is no id of a task')
  if (intent !== undefined && (task ?? file ?? attest) !== undefined) {
    throw fault('cli.usage', '--intent opens a task, which takes your own credential and no --task')
  }
  const urls = {
    ...(task !== undefined && { task }),
    identityUrl: options.identity ?? env['BAILIWICK_IDENTITY'] ?? IDENTITY,
    gatewayUrl: options.gateway ?? env['BAILIWICK_GATEWAY'] ?? GATEWAY,
  }
  if (attest !== undefined) {
    const evidence = evidenceOf(cwd, attest, options)
    const named = options.authority ?? env['BAILIWICK_AUTHORITY'] ?? ''
    const authority = named.replace(/^sha256:/, '')
    if (fromBase64url(authority)?.length !== 32) {
      throw fault(
        'cli.usage',
        '--authority takes the fingerprint that `bailiwick authority show` tells',
      )
    }
    return attestedEnrolment(shell, { agent: as, evidence, authority, ...urls })
  }
  if (file === undefined) {
    const work = { ...(task !== undefined && { task }), ...(intent !== undefined && { intent }) }
    return operatorEnrolment(context, as, { ...work, usually }, district)
  }
  return fileEnrolment(shell, { agent: as, file: file === '-' ? 0 : resolve(cwd, file), ...urls })
}

function evidenceOf(cwd: string, attest: string, options: JoinOptions): Evidence {
  const { source, tokenFile, cert, key } = options
  if (source === undefined) throw fault('cli.usage', '--attest needs --source NAME')
  if (attest === 'oidc') {
    if (tokenFile === undefined) throw fault('cli.usage', '--attest oidc needs --token-file FILE')
    return tokenEvidence({ source, token: () => textOf(cwd, tokenFile).trim() })
  }
  if (attest !== 'x509pop') throw fault('cli.usage', '--attest takes oidc or x509pop')
  if (cert === undefined || key === undefined) {
    throw fault('cli.usage', '--attest x509pop needs --cert FILE and --key FILE')
  }
  return certificateEvidence({
    source,
    certificates: () => textOf(cwd, cert),
    key: () => textOf(cwd, key),
  })
}

function textOf(cwd: string, file: string): string {
  const path = resolve(cwd, file)
  try {
    const text = readFileSync(path, 'utf8')
    if (text.length <= MAX_FILE) return text
  } catch (cause) {
    throw fault('cli.file', `${path} cannot be read`, cause)
  }
  throw fault('cli.file', `${path} is too large`)
}
