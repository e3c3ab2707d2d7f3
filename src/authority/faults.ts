// Holds the fault codes of the authority floor.

import type { FaultCatalogue } from '../std/fault.ts'

/** Codes of the authority, identity excepted: it has a catalogue of its own. */
export const AUTHORITY_FAULTS = {
  'name.invalid': {
    status: 400,
    next: 'use lower case letters, digits and single hyphens, at most 63 characters',
  },
  'reason.required': { status: 400, next: 'say why in one sentence, with --reason' },
  'person.unknown': { status: 404, next: 'check the name, or create the person first' },
  'person.key': { status: 400, next: 'make a key with `bailiwick person add`' },
  'person.exists': { status: 409, next: 'choose another name' },
  'person.left': { status: 409, next: 'who has left does not come back: add the person anew' },
  'person.keys': { status: 409, next: 'take one of them away first' },
  'person.no_key': { status: 404, next: 'look at `bailiwick person ls -o json`' },
  'person.counter': { status: 403, next: 'remove this passkey and register another' },
  'person.no_role': {
    status: 403,
    next: 'ask an administrator which groups of your identity provider give a role here',
  },
  'person.last_administrator': {
    status: 409,
    next: 'make somebody else an administrator first, who has a key or a passkey',
  },
  'agent.unknown': { status: 404, next: 'look at `bailiwick agent ls`' },
  'agent.exists': { status: 409, next: 'choose another name, or update the agent that is there' },
  'agent.retired': { status: 409, next: 'register a new agent: a retired one does not come back' },
  'agent.purpose': { status: 400, next: 'say in one sentence what the agent is for' },
  'system.unknown': { status: 404, next: 'look at `bailiwick system ls`' },
  'quarantine.none': {
    status: 404,
    next: 'nothing has to be done: `bailiwick system ls` says what waits',
  },
  'quarantine.changed': {
    status: 409,
    next: 'look again: `bailiwick system diff` shows what it is now',
  },
  'action.unknown': { status: 404, next: 'look at `bailiwick system show` for its actions' },
  'approval.unknown': { status: 404, next: 'look at `bailiwick approval ls`' },
  'approval.closed': {
    status: 409,
    next: 'nothing is left to decide: look at `bailiwick approval show`',
  },
  'approval.expired': { status: 409, next: 'let the agent make the call again' },
  'approval.agreed': { status: 409, next: 'wait for the persons whom the gates that are left ask' },
  'approval.role': { status: 403, next: 'ask a person whom a gate of this call asks' },
  'approval.newcomer': {
    status: 403,
    next: 'ask a person who has been asked by this gate for longer',
  },
  'approval.separated': { status: 403, next: 'ask another person whom the gate asks' },
  'approval.which': {
    status: 409,
    next: 'say to which gate, by its policy: two gates are two approvals',
  },
  'approval.escalation': {
    status: 400,
    next: 'name one whom that gate names: `bailiwick approval show` lists them',
  },
  'approval.escalated': { status: 409, next: 'agree, deny, or let it expire' },
  'approval.rate': {
    status: 429,
    next: 'wait a minute; where so many calls wait, bound them by a policy or a task instead',
  },
  'approval.presence': {
    status: 403,
    next: 'sign in on the page of this call and agree there with a passkey',
  },
  'approval.other_call': { status: 409, next: 'ask for an approval of this very call' },
  'approval.not_approved': { status: 409, next: 'wait until every gate has been agreed' },
  'finding.unknown': { status: 404, next: 'look at `bailiwick finding ls`' },
  'lock.unknown': { status: 404, next: 'look at `bailiwick lock ls`' },
  'lock.second': {
    status: 409,
    next: 'ask another operator or administrator to lift it as well: `bailiwick lock rm`',
  },
  'lock.wait': { status: 409, next: 'lift it again at the time that is named' },
  'lock.presence': {
    status: 403,
    next: 'sign in with `bailiwick login`, show that you are there on the account page, and lift it again within five minutes',
  },
  'lock.target': {
    status: 400,
    next: 'name a person, agent, instance, delegation, task, system, action, credential or everything',
  },
  'secret.name': {
    status: 400,
    next: 'use the name of an environment variable: letters, digits and underscores, no digit first',
  },
  'secret.value': {
    status: 400,
    next: 'store the value without NUL characters, at most 64 KiB of text',
  },
  'secret.unknown': { status: 404, next: 'look at `bailiwick credential list`' },
  'secret.rotating': {
    status: 409,
    next: 'wait for it to end: `bailiwick credential rotate-keys --status`',
  },
  'secret.same': {
    status: 409,
    next: 'make a new one at the provider; say --at-provider where it was replaced there under the same value',
  },
  'secret.unneeded': { status: 400, next: 'look at `bailiwick system show` for the names it uses' },
  'secret.not_connected': { status: 404, next: 'look at `bailiwick credential list`' },
  'secret.reference': {
    status: 400,
    next: 'name what the source reads and a member of it: vault:kv/data/NAME#FIELD',
  },
  'secret.terms': { status: 400, next: 'say --rotate-every 90d, and an end that is still to come' },
} as const satisfies FaultCatalogue
