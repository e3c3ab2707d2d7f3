// Holds `whoami`: the person whom the server takes this home's credential for.

import type { Command } from 'commander'
import { WhoAmI } from '../wire/api/person.ts'
import type { Context } from './context.ts'
import { fields } from './terminal/table.ts'
import { sayUnseen } from './unseen.ts'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('whoami')
    .description('the person that this home’s credential belongs to')
    .action(async () => {
      const control = await context.control()
      const answer = await control.get('/v1/whoami', WhoAmI)
      const { person } = answer
      context.screen.answer(answer, (surface) =>
        fields(
          [
            ['person', person.name],
            ['roles', person.roles.join(' ') || 'none'],
            ['id', person.id],
            ['server', `${control.operator.control} (version ${answer.version})`],
          ],
          surface,
        ),
      )
      sayUnseen(context.screen, answer)
    })
}
