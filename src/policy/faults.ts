// Holds the codes of the policy floor: what a set of policies is refused for, and why a decision could not be taken.

import { faults, type FaultCatalogue } from '../std/fault.ts'

const FIX = 'correct the policy at the place named and apply again'

/** Codes of the policy floor. */
export const POLICY_FAULTS = {
  'policy.too_large': { status: 413, next: 'split off or delete policies and apply again' },
  'policy.too_deep': {
    status: 400,
    next: 'split the policy into several, or use a set and contains',
  },
  'policy.syntax': { status: 400, next: FIX },
  'policy.template': {
    status: 400,
    next: 'write the principal or resource out, or fill the template by a link in a .links.json file',
  },
  'policy.links': {
    status: 400,
    next: 'give each link an id, the @id of a template, and an entity for each of its slots',
  },
  'policy.missing_id': { status: 400, next: 'add an @id that no other policy of the set has' },
  'policy.duplicate_id': { status: 400, next: 'give every policy of the set an @id of its own' },
  'policy.bad_annotation': { status: 400, next: FIX },
  'policy.unknown_annotation': {
    status: 400,
    next: 'use @id, @reason, @advice, @gate, @crosses, @without, @enforce, @find, @redact, @refuse, @links, @max_bytes and @label only',
  },
  'policy.gate_on_permit': { status: 400, next: 'put @gate on the forbid that it may set aside' },
  'policy.enforce_on_permit': { status: 400, next: 'put @enforce on a forbid' },
  'policy.crosses_on_forbid': {
    status: 400,
    next: 'put @crosses on the permit that is to count across environments',
  },
  'policy.without_on_forbid': {
    status: 400,
    next: 'put @without on the permit that is to count where a user or a task is absent',
  },
  'policy.obligation_on_forbid': {
    status: 400,
    next: 'put @find, @redact, @refuse, @links, @max_bytes and @label on the permit whose answers they are about',
  },
  'policy.task_scope': {
    status: 400,
    next: 'correct the scope of the task: patterns as `system/action`, and one Cedar expression each',
  },
  'policy.invalid': { status: 400, next: FIX },
  'policy.advice': { status: 400, next: 'read the policy again: it may not do what it seems to' },
  'policy.outdated': { status: 503, next: 'apply the policies that are to be in force' },
  'policy.unreachable': { status: 400, next: 'correct the scope of the policy, or delete it' },
  'policy.shadowed': { status: 400, next: 'narrow the forbid, or delete the policy behind it' },
  'policy.redundant': { status: 400, next: 'delete what changes nothing' },
  'policy.no_approver': {
    status: 400,
    next: 'give the role of the gate to a person, or name another role',
  },
  'policy.unknown_name': { status: 400, next: 'correct the name, or register who is meant' },
  'policy.never_counts': { status: 400, next: 'correct its annotations, or delete the policy' },
  'policy.never_applies': { status: 400, next: 'correct the condition, or delete the policy' },
  'policy.bad_system': { status: 400, next: 'rename the system and pin it again' },
  'policy.bad_placeholder': { status: 400, next: 'choose another folder or name' },
  'policy.argument_shape': {
    status: 400,
    next: "send arguments that fit the action's pinned definition",
  },
  'policy.argument_range': { status: 400, next: 'send integers that fit 64 bits' },
  'policy.unknown_action': { status: 403, next: 'pin the system, then apply the policies again' },
  'policy.stale': {
    status: 503,
    next: 'apply the policies again, so that they know the new effects',
  },
  'policy.engine': { status: 500, next: "look at the server's own log for the time of this call" },
} as const satisfies FaultCatalogue

/** A code of the catalogue. */
export type PolicyCode = keyof typeof POLICY_FAULTS

/** Makes a Fault of this floor. */
export const policyFault = faults(POLICY_FAULTS)
