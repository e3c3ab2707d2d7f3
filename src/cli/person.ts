// Holds `person`: who may operate, and making a credential whose private half never leaves this machine.

import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Person, PeopleAnswer } from '../wire/api/person.ts'
import type { Context } from './context.ts'
import { makeOperatorKey } from './control/operator.ts'
import { ControlFault } from './control/problem.ts'
import { replaceSecretFile, writeSecretFile } from './control/secret-file.ts'
import { fault } from './faults.ts'
import { repeated } from './repeat.ts'
import { prettyJson } from './terminal/json.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

function drawPeople(people: readonly Person[], surface: Surface, now: number): string {
  return table(
    ['NAME', 'ROLES', 'CREDENTIALS', 'SINCE', { title: 'ID', whole: true }],
    people.map((person) => [
      person.name,
      person.roles.join(' '),
      person.credentials.length,
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

async function add(
  context: Context,
  name: string,
  options: { readonly role?: readonly string[]; readonly out: string },
): Promise<void> {
  const control = await context.control()
  const { screen, shell } = context
  const file = resolve(shell.cwd, options.out)
  const { key, publicKey } = makeOperatorKey()
  const body = { name, roles: options.role ?? [], public_key: publicKey }
  const draft = { name, person: '', control: control.operator.control, kid: '', key }
  // The key is on disk before the person is: one that could not be kept must not become anybody's.
  writeSecretFile(file, `${prettyJson(draft)}\n`)
  let person: Person
  try {
    person = await control.send('POST', '/v1/people', body, Person)
  } catch (error) {
    // Only a refusal says that nobody was made; after anything else the key may be in use.
    if (error instanceof ControlFault) rmSync(file)
    throw error
  }
  const kid = person.credentials[0]?.kid
  if (kid === undefined) throw fault('cli.answer', 'the server made a person without a credential')
  replaceSecretFile(file, `${prettyJson({ ...draft, person: person.id, kid })}\n`)
  screen.answer({ ...person, file }, (surface) => drawPeople([person], surface, screen.now))
  screen.say(
    `the credential of ${person.name} is in ${file}: it becomes operator.json of a home of theirs`,
  )
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const person = program.command('person').description('people: list, add')
  person
    .command('ls')
    .description('list people')
    .action(() => list(context))
  person
    .command('add <name>')
    .description('add a person; their key is made here, and only its public half is sent')
    .option(
      '--role <role>',
      'a role, for example approver or administrator; may be repeated',
      repeated,
    )
    .requiredOption('--out <file>', 'where to write their credential (a new file, 0600)')
    .action((name: string, options: { role?: readonly string[]; out: string }) =>
      add(context, name, options),
    )
}
