// Holds the scopes of policies: which of them can speak of a principal and an action at all, without asking the library.

import type { EntityUidJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs'
import {
  actionUid,
  ancestorsOf,
  effective,
  effectGroup,
  principalOf,
  systemGroup,
  uidText,
  type Asked,
  type Subject,
} from './entity.ts'
import type { Policy } from './policy.ts'

/** A principal, an action and a resource, each with everything that it is `in`. */
export interface Scope {
  readonly principal: TypeAndId
  readonly principalIn: ReadonlySet<string>
  readonly action: TypeAndId
  readonly actionIn: ReadonlySet<string>
  readonly resource: TypeAndId
}

function text(uid: EntityUidJson): string {
  return uidText('__entity' in uid ? uid.__entity : uid)
}

type Constraint = Policy['json']['principal'] | Policy['json']['resource']

function fits(constraint: Constraint, self: TypeAndId, above: ReadonlySet<string>): boolean {
  switch (constraint.op) {
    case 'All':
      return true
    case '==':
      return 'entity' in constraint && text(constraint.entity) === uidText(self)
    case 'in':
      return 'entity' in constraint && above.has(text(constraint.entity))
    case 'is':
      if (constraint.entity_type !== self.type) return false
      return (
        constraint.in === undefined ||
        ('entity' in constraint.in && above.has(text(constraint.in.entity)))
      )
  }
}

function fitsAction(constraint: Policy['json']['action'], scope: Scope): boolean {
  switch (constraint.op) {
    case 'All':
      return true
    case '==':
      return 'entity' in constraint && text(constraint.entity) === uidText(scope.action)
    case 'in':
      return 'entity' in constraint
        ? scope.actionIn.has(text(constraint.entity))
        : constraint.entities.some((entity) => scope.actionIn.has(text(entity)))
  }
}

/** Whether a policy speaks of an action and a resource at all. */
export function speaksOf({ json }: Policy, scope: Scope): boolean {
  return (
    fitsAction(json.action, scope) &&
    fits(json.resource, scope.resource, new Set([uidText(scope.resource)]))
  )
}

/** Whether a policy speaks of a principal. */
export function speaksTo({ json }: Policy, scope: Scope): boolean {
  return fits(json.principal, scope.principal, scope.principalIn)
}

/** Whether a policy's scope holds; its conditions are not looked at. */
export function inScope(policy: Policy, scope: Scope): boolean {
  return speaksOf(policy, scope) && speaksTo(policy, scope)
}

/** The scope of a party's question. */
export function scopeOf(asked: Asked, subject: Subject): Scope {
  const action = actionUid(subject.system, subject.action)
  const groups = [systemGroup(subject.system), ...effective(subject.effects).map(effectGroup)]
  return {
    principal: principalOf(asked, subject)!,
    principalIn: ancestorsOf(asked, subject),
    action,
    actionIn: new Set([action, ...groups].map(uidText)),
    resource: { type: 'System', id: subject.system },
  }
}
