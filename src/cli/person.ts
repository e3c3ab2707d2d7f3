// Holds `person`: who may operate, and making a credential whose private half never leaves this machine.

import type { JsonWebKey } from 'node:crypto'
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { base64url, fromBase64url, sha256 } from '../std/bytes.ts'
import { Person, PeopleAnswer } from '../wire/api/person.ts'
import type { Context } from './context.ts'
import { target, type Control } from './control/control.ts'
import { makeOperatorKey } from './control/operator.ts'
import { ControlFault } from './control/problem.ts'
import { Proposed } from './control/proposed.ts'
import { replaceSecretFile, writeSecretFile } from './control/secret-file.ts'
import { fault } from './faults.ts'
import { reasonOf } from './reason.ts'
import { repeated } from './repeat.ts'
import { prettyJson } from './terminal/json.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

function drawPeople(people: readonly Person[], surface: Surface, now: number): string {
  return table(
    ['NAME', 'STATE', 'ROLES', 'KEYS', 'PASSKEYS', 'SINCE', { title: 'ID', whole: true }],
    people.map((person) => [
      person.name,
      person.state === 'left' ? { text: 'left', style: 'dim' } : person.state,
      person.roles.join(' '),
      person.credentials.length,
      person.passkeys.length,
      when(person.created_at, now),
      person.id,
    ]),
    surface,
  )
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/people', PeopleAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => drawPeople(answer.people, surface, screen.now))
}

/** Writes a new key to a file, has the server take its public half, and completes the file. */
async function keep(
  context: Context,
  control: Control,
  of: { readonly name: string; readonly out: string },
  give: (publicKey: string) => Promise<Person>,
): Promise<{ readonly person: Person; readonly file: string }> {
  const file = resolve(context.shell.cwd, of.out)
  const { key, publicKey } = makeOperatorKey()
  const draft = { name: of.name, person: '', control: control.operator.control, kid: '', key }
  // The key is on disk before it is anybody's: one that could not be kept must not become so.
  writeSecretFile(file, `${prettyJson(draft)}\n`)
  let person: Person
  try {
    person = await give(publicKey)
  } catch (error) {
    if (error instanceof Proposed) {
      throw keepProposed(context, { file, draft, publicKey }, error)
    }
    // Only a refusal says that nobody has it; after anything else it may be in use.
    if (error instanceof ControlFault) rmSync(file)
    throw error
  }
  const kid = person.credentials.at(-1)?.kid
  if (kid === undefined) throw fault('cli.answer', 'the server took a key and shows none')
  const whole = { ...draft, name: person.name, person: person.id, kid }
  replaceSecretFile(file, `${prettyJson(whole)}\n`)
  return { person, file }
}

/** Completes the file of a key that others have to agree to: it opens nothing until then, and is whole when it does. */
function keepProposed(
  { screen }: Context,
  of: {
    readonly file: string
    readonly draft: { readonly name: string; readonly control: string; readonly key: JsonWebKey }
    readonly publicKey: string
  },
  proposed: Proposed,
): Proposed {
  const { person } = proposed.change
  if (person !== null) {
    const name = person.name === '' ? of.draft.name : person.name
    const kid = base64url(sha256(fromBase64url(of.publicKey) ?? new Uint8Array()))
    const whole = { ...of.draft, name, person: person.id, kid }
    replaceSecretFile(of.file, `${prettyJson(whole)}\n`)
  }
  screen.say(`the credential is in ${of.file}, and opens nothing until that is done`)
  return proposed
}

function tellFile(context: Context, { person, file }: Awaited<ReturnType<typeof keep>>): void {
  const { screen } = context
  screen.answer({ ...person, file }, (surface) => drawPeople([person], surface, screen.now))
  screen.say(
    `the credential of ${person.name} is in ${file}: it becomes operator.json of a home of theirs`,
  )
}

async function add(
  context: Context,
  name: string,
  options: { readonly role?: readonly string[]; readonly out: string; readonly reason?: string },
): Promise<void> {
  const control = await context.control()
  const kept = await keep(context, control, { name, out: options.out }, (publicKey) => {
    const { role: roles = [], reason } = options
    const body = { name, roles, public_key: publicKey, reason }
    return control.send('POST', '/v1/people', body, Person)
  })
  tellFile(context, kept)
}

async function addKey(
  context: Context,
  name: string,
  options: { readonly out: string; readonly reason?: string },
): Promise<void> {
  const control = await context.control()
  const path = target(['v1', 'people', name, 'keys'])
  const kept = await keep(context, control, { name, out: options.out }, (publicKey) =>
    control.send('POST', path, { public_key: publicKey, reason: options.reason }, Person),
  )
  tellFile(context, kept)
}

/** Makes a change of one person that needs a reason, and shows them. */
async function change(
  context: Context,
  of: {
    readonly method: 'POST' | 'PATCH'
    readonly path: readonly string[]
    readonly body?: object
  },
  options: { readonly reason?: string },
): Promise<void> {
  const reason = await reasonOf(context, options.reason)
  const control = await context.control()
  const path = target(['v1', 'people', ...of.path])
  const person = await control.send(of.method, path, { ...of.body, reason }, Person)
  const { screen } = context
  screen.answer(person, (surface) => drawPeople([person], surface, screen.now))
}

interface Because {
  readonly reason?: string
}

function registerKeys(person: Command, context: Context): void {
  const key = person.command('key').description('keys and passkeys of a person: add, remove')
  key
    .command('add <name>')
    .description('give a person another key, made here; yours, or anybody’s for an administrator')
    .requiredOption('--out <file>', 'where to write the credential (a new file, 0600)')
    .option('--reason <text>', 'why, where two have to agree; stands in the record')
    .action((name: string, options: { out: string; reason?: string }) =>
      addKey(context, name, options),
    )
  key
    .command('rm <name> <key>')
    .description('take a key or a passkey away, by its id (see `person ls -o json`)')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, id: string, options: Because) =>
      change(context, { method: 'POST', path: [name, 'keys', id, 'remove'] }, options),
    )
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const person = program
    .command('person')
    .description('people: list, add, change roles, leave, keys')
  person
    .command('ls')
    .description('list people')
    .action(() => list(context))
  person
    .command('add <name>')
    .description('add a person; their key is made here, and only its public half is sent')
    .option(
      '--role <role>',
      'viewer, approver, operator, administrator, auditor, or a role of your gates; may be repeated',
      repeated,
    )
    .requiredOption('--out <file>', 'where to write their credential (a new file, 0600)')
    .option('--reason <text>', 'why, where two have to agree; stands in the record')
    .action((name: string, options: { role?: readonly string[]; out: string; reason?: string }) =>
      add(context, name, options),
    )
  person
    .command('change <name>')
    .description('set the roles that are given to a person here, in place of those before')
    .option('--role <role>', 'a role; may be repeated', repeated)
    .option('--no-roles', 'none at all')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: Because & { role?: readonly string[]; roles: boolean }) => {
      if ((options.role === undefined) === options.roles) {
        throw fault('cli.usage', 'name every role with --role, or say --no-roles')
      }
      const body = { roles: options.role ?? [] }
      return change(context, { method: 'PATCH', path: [name], body }, options)
    })
  person
    .command('leave <name>')
    .description('a person leaves: keys, passkeys, sessions and delegations of theirs end at once')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: Because) =>
      change(context, { method: 'POST', path: [name, 'leave'] }, options),
    )
  registerKeys(person, context)
}
