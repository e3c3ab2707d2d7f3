// Holds what people say of an action beyond its effects, and the check that the action has what they speak of.

import type { ActionDefinition } from '../../wire/system.ts'
import { inputType, type CedarType } from '../type.ts'

/** Labels, measures and triggers of one action. What is absent stays as it is. */
export type ActionFacts = Partial<
  Pick<ActionDefinition, 'effects' | 'labels' | 'measures' | 'triggers'>
>

const LABEL = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
const TRIGGER = /^[a-z0-9]+(?:-[a-z0-9]+)*\/[A-Za-z0-9_.-]{1,128}$/
const POINTER = /^(?:\/(?:[^~/]|~[01])*){1,16}$/
/** Labels, recipients and triggers of one action. */
const MAX_EACH = 64

/** The type at a pointer into an action's input; undefined where policies see none. */
function typeAt(action: ActionDefinition, pointer: string): CedarType | undefined {
  let at: CedarType | undefined = inputType(action.inputSchema).type
  for (const part of pointer.slice(1).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    at = at?.kind === 'record' ? at.attributes.get(name)?.type : undefined
  }
  return at
}

function measureProblem(action: ActionDefinition): string | undefined {
  const { money, recipients = [] } = action.measures ?? {}
  const pointers = [...(money === undefined ? [] : [money]), ...recipients]
  const odd = pointers.find((pointer) => !POINTER.test(pointer))
  if (odd !== undefined) return `\`${odd.slice(0, 64)}\` is no JSON pointer`
  if (money !== undefined && typeAt(action, money)?.kind !== 'long') {
    return `\`${money.slice(0, 64)}\` is no integer among its arguments`
  }
  const other = recipients.find((pointer) => {
    const type = typeAt(action, pointer)
    const texts = type?.kind === 'set' ? type.element.kind : type?.kind
    return texts !== 'string'
  })
  if (other === undefined) return undefined
  return `\`${other.slice(0, 64)}\` is neither a text nor a list of texts among its arguments`
}

/** Why an action cannot be said to be so; undefined where it can. */
export function factsProblem(action: ActionDefinition): string | undefined {
  const { labels = [], triggers = [], measures } = action
  const label = labels.find((one) => one.length > 63 || !LABEL.test(one))
  if (label !== undefined)
    return `\`${label.slice(0, 64)}\` is no label: small letters, digits, hyphens`
  const trigger = triggers.find((one) => !TRIGGER.test(one))
  if (trigger !== undefined) return `\`${trigger.slice(0, 64)}\` is no action: \`system/action\``
  const many = [labels, triggers, measures?.recipients ?? []].some((list) => list.length > MAX_EACH)
  return many
    ? `it has more than ${MAX_EACH} labels, triggers or recipients`
    : measureProblem(action)
}

/** The action with what was said of it; what is empty is left out, so that equal words give equal digests. */
export function withFacts(action: ActionDefinition, facts: ActionFacts): ActionDefinition {
  const { labels: _l, measures: _m, triggers: _t, ...bare } = action
  const labels = facts.labels ?? action.labels ?? []
  const triggers = facts.triggers ?? action.triggers ?? []
  const { money, recipients = [] } = facts.measures ?? action.measures ?? {}
  return {
    ...bare,
    ...(facts.effects !== undefined && { effects: [...new Set(facts.effects)] }),
    ...(labels.length > 0 && { labels: [...new Set(labels)].sort() }),
    ...((money !== undefined || recipients.length > 0) && {
      measures: {
        ...(money !== undefined && { money }),
        ...(recipients.length > 0 && { recipients: [...new Set(recipients)].sort() }),
      },
    }),
    ...(triggers.length > 0 && { triggers: [...new Set(triggers)].sort() }),
  }
}
