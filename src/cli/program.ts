// Holds the command line as a whole: which commands there are, how one is found and run, and how an error is told.

import { Command, CommanderError, Option } from 'commander'
import { VERSION } from '../server/version.ts'
import { Fault, publicFault } from '../std/fault.ts'
import { Context, type GlobalOptions } from './context.ts'
import { EndedWith, EXIT, exitCode } from './exit.ts'
import { CLI_FAULTS, fault } from './faults.ts'
import { ReaderLeft, type Shell } from './shell.ts'
import { lineJson } from './terminal/json.ts'
import { paintFor } from './terminal/paint.ts'
import type { Format } from './terminal/screen.ts'
import { visible } from './terminal/visible.ts'

/** What a command's file exports: it adds its command to the program. */
export interface CommandFile {
  register(program: Command, context: Context): void
}

/** Every command in the order of the help. A file is loaded when its command is run, so that starting stays quick. */
const COMMANDS: readonly (readonly [
  name: string,
  summary: string,
  load: () => Promise<CommandFile>,
])[] = [
  ['dev', 'a whole Bailiwick on this machine, with a demonstration', () => import('./dev.ts')],
  ['serve', 'run the server, and nothing else', () => import('./serve.ts')],
  [
    'tour',
    'a governed agent from beginning to end, in a home thrown away',
    () => import('./tour.ts'),
  ],
  ['status', 'what runs here, and what to know about it', () => import('./status.ts')],
  ['whoami', 'the person that this home’s credential belongs to', () => import('./whoami.ts')],
  ['login', 'sign in with a browser, by a link that opens once', () => import('./login.ts')],
  ['logout', 'sign yourself out of every browser', () => import('./logout.ts')],
  ['backup', 'copy this home, running or not, into a folder', () => import('./backup.ts')],
  ['restore', 'put a backup back into a home of its own', () => import('./restore.ts')],
  ['doctor', 'look for what is wrong, and say what to do', () => import('./doctor.ts')],
  ['agent', 'agents: register, list, show, change, roles, join tokens', () => import('./agent.ts')],
  [
    'delegation',
    'authority that was passed on: list, show, revoke',
    () => import('./delegation.ts'),
  ],
  [
    'task',
    'tasks that agents work on: open, list, show, narrow, close, cancel',
    () => import('./task.ts'),
  ],
  ['team', 'teams that own agents: add, list, show, change', () => import('./team.ts')],
  ['instance', 'running instances: list, show, revoke', () => import('./instance.ts')],
  [
    'registration',
    'which workloads are instances of which agent: add, list, remove',
    () => import('./registration.ts'),
  ],
  [
    'trust',
    'issuers and authorities of others that count here: add, list, remove',
    () => import('./trust.ts'),
  ],
  [
    'governance',
    'changes of who governs, and the four-eyes rule: list, agree, refuse, set',
    () => import('./governance.ts'),
  ],
  ['person', 'people: list, add, change roles, leave, keys', () => import('./person.ts')],
  [
    'system',
    'systems that agents call: look at, pin, label, list, show',
    () => import('./system.ts'),
  ],
  [
    'credential',
    'what systems are called with: list, set, rotate, remove, connect, disconnect',
    () => import('./credential.ts'),
  ],
  [
    'check',
    'programs that gates name in place of people: add, list, remove',
    () => import('./check.ts'),
  ],
  [
    'gateway',
    'gateways that run on their own: add, list, change, invite, remove, run',
    () => import('./gateway.ts'),
  ],
  [
    'enforcer',
    'programs that enforce decisions themselves: add, list, revoke',
    () => import('./enforcer.ts'),
  ],
  ['policy', 'policies: apply, show, list', () => import('./policy.ts')],
  ['run', 'start an agent in a district of its own', () => import('./run.ts')],
  ['approval', 'held calls: list, show, approve, deny, watch', () => import('./approval.ts')],
  ['lock', 'locks: add, list, remove', () => import('./lock.ts')],
  ['limit', 'limits: add, list, show, remove', () => import('./limit.ts')],
  ['history', 'what agents have done: show, clear', () => import('./history.ts')],
  [
    'consent',
    'what OAuth clients may do on your behalf: list, revoke',
    () => import('./consent.ts'),
  ],
  ['finding', 'findings: list, close', () => import('./finding.ts')],
  ['apply', 'make what is there what documents say', () => import('./apply.ts')],
  ['export', 'what is there, as documents', () => import('./export.ts')],
  ['authority', 'the keys of the authority: show, rotate, rekey', () => import('./authority.ts')],
  ['witness', 'a witness for logs of others: run, key, status', () => import('./witness.ts')],
  [
    'migrate',
    'bring PostgreSQL to this version, and move a home there',
    () => import('./migrate.ts'),
  ],
  ['audit', 'the record: tail, show, verify', () => import('./audit.ts')],
  ['call', 'make one governed call, the way an agent does', () => import('./call.ts')],
  ['mcp', 'bridge an MCP client on standard streams to a system', () => import('./mcp.ts')],
  ['connect', 'put the MCP servers of a client behind Bailiwick', () => import('./connect.ts')],
  ['hook', 'asked by a client before it uses a tool of its own', () => import('./hook.ts')],
  ['disconnect', 'give a client its own servers back', () => import('./disconnect.ts')],
  ['completion', 'completion for your shell', () => import('./completion.ts')],
  ['version', 'the version of this program', () => import('./version.ts')],
]

/** The first word that is no option: the command that is meant. */
function wanted(argv: readonly string[]): string | undefined {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!
    if (word === '--') return undefined
    if (word === '-o' || word === '--output' || word === '--home') at++
    else if (!word.startsWith('-')) return word
  }
  return undefined
}

/** The program with the command loaded that is meant, or with `all` of them. */
export async function buildProgram(
  shell: Shell,
  argv: readonly string[],
  all: boolean,
): Promise<Command> {
  const program = new Command('bailiwick')
    .description('Every AI agent acts only within its bailiwick.')
    .addOption(
      new Option('-o, --output <format>', 'how answers are written')
        .choices(['table', 'json'])
        .default('table'),
    )
    .option('--home <dir>', 'folder of the home (default: $BAILIWICK_HOME, else ~/.bailiwick)')
    .option('--no-input', 'never ask; fail where a question would have to be asked')
    .option('-y, --yes', 'confirm beforehand what would be asked')
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      // Errors are told once, by `run`, in one form.
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => shell.stdout.columns ?? 80,
    })
    .version(VERSION, '-V, --version')
  program.action(() => program.outputHelp())
  program.allowExcessArguments(true)
  const context = new Context(shell, () => program.opts<GlobalOptions>())
  const name = wanted(argv)
  for (const [command, summary, load] of COMMANDS) {
    if (all || command === name || (name === 'help' && argv.includes(command))) {
      ;(await load()).register(program, context)
    } else program.command(command).description(summary)
  }
  return program
}

/** True where an error has to be a JSON document, even if the options themselves are wrong. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  return words.some((word, at) => {
    if (word === '-ojson' || word === '--output=json') return true
    return (word === '-o' || word === '--output') && words[at + 1] === 'json'
  })
}

/** What commander found wrong with the words, as a fault that names the help of the command that was meant. */
function usage(error: CommanderError, command: string | undefined): Fault {
  const detail = error.message
    .replace(/^error: /, '')
    .replace(/\.?\n/g, ' ')
    .trim()
  const help = error.code === 'commander.help' || detail === '(outputHelp)'
  const name = command === undefined || command === 'help' ? '' : ` ${command}`
  const next = `see how it is used: bailiwick${name} --help`
  const words = help ? 'a verb is missing' : lowerFirst(detail)
  return new Fault('cli.usage', { ...CLI_FAULTS['cli.usage'], next }, words, error)
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}

/** Members that a fault has beyond its public words. */
interface Extras {
  readonly call?: string
  readonly requestId?: string
  readonly errors?: readonly { readonly path: string; readonly message: string }[]
  readonly problems?: readonly {
    readonly file: string
    readonly line: number
    readonly column: number
    readonly message: string
    readonly help?: string
  }[]
}

/** Tells an error on standard error: words for people, or one JSON document. */
function tellError(error: unknown, shell: Shell, format: Format): void {
  const { code, detail, next } = publicFault(error)
  const { call, requestId, errors = [], problems = [] } = (error ?? {}) as Extras
  if (format === 'json') {
    const extra = {
      ...(call !== undefined && { call }),
      ...(requestId !== undefined && { request_id: requestId }),
      ...(errors.length > 0 && { errors }),
      ...(problems.length > 0 && { problems }),
    }
    shell.stderr.write(`${lineJson({ error: { code, message: detail, next, ...extra } })}\n`)
    return
  }
  const paint = paintFor(shell.stderr, shell.env)
  let out = `${paint('red', 'error:')} ${visible(detail)} ${paint('dim', `(${code})`)}\n`
  for (const { path, message } of errors) out += `  ${visible(`${path}: ${message}`)}\n`
  for (const { file, line, column, message, help } of problems) {
    out += `  ${visible(`${file}:${line}:${column}: ${message}`)}\n`
    if (help !== undefined) out += `    ${paint('dim', visible(help))}\n`
  }
  if (call !== undefined) out += `${paint('bold', 'call:')} bailiwick audit show ${visible(call)}\n`
  shell.stderr.write(`${out}${paint('bold', 'next:')} ${visible(next)}\n`)
}

/** Runs one command line to its end; resolves with the exit code and never throws. */
export async function run(argv: readonly string[], shell: Shell): Promise<number> {
  try {
    const name = wanted(argv)
    const program = await buildProgram(shell, argv, name === 'completion')
    const known = name === 'help' || COMMANDS.some(([command]) => command === name)
    if (name !== undefined && !known) {
      throw fault('cli.usage', `there is no command \`${name.slice(0, 64)}\``)
    }
    await program.parseAsync([...argv], { from: 'user' })
    return EXIT.done
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done
      tellError(usage(error, wanted(argv)), shell, wantsJson(argv) ? 'json' : 'table')
      return EXIT.usage
    }
    if (error instanceof EndedWith) return error.code
    if (shell.interrupted.reason instanceof ReaderLeft) return EXIT.done
    const stopped = shell.interrupted.aborted && publicFault(error).code === 'internal'
    const told = stopped ? fault('cli.interrupted', 'interrupted', error) : error
    tellError(told, shell, wantsJson(argv) ? 'json' : 'table')
    return exitCode(told)
  }
}
