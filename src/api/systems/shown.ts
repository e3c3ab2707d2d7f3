// Holds how a system is shown: its definition as it is pinned or proposed, member by member.

import { rfc3339 } from '../../std/clock.ts'
import type { Action, InspectAnswer, System } from '../../wire/api/system.ts'
import type { ActionDefinition, SystemDefinition, TemplateDefinition } from '../../wire/system.ts'
import type { Systems } from '../../authority/registry/systems.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'

type PinnedSystem = ReturnType<Systems['find']>

function action(of: ActionDefinition): Action {
  return {
    name: of.name,
    ...(of.title !== undefined && { title: of.title }),
    ...(of.description !== undefined && { description: of.description }),
    input_schema: of.inputSchema,
    ...(of.outputSchema !== undefined && { output_schema: of.outputSchema }),
    ...(of.annotations !== undefined && { annotations: of.annotations }),
    effects: [...of.effects],
    ...facts(of),
    digest: of.digest,
  }
}

/** A transport is shown as it is: secrets are named in it, and never there. */
function transport(of: SystemDefinition['transport']): System['transport'] {
  return structuredClone(of) as System['transport']
}

function facts({
  labels,
  measures,
  triggers,
}: ActionDefinition): Pick<Action, 'labels' | 'measures' | 'triggers'> {
  const { money, recipients } = measures ?? {}
  return {
    ...(labels !== undefined && { labels: [...labels] }),
    ...(measures !== undefined && {
      measures: {
        ...(money !== undefined && { money }),
        ...(recipients !== undefined && { recipients: [...recipients] }),
      },
    }),
    ...(triggers !== undefined && { triggers: [...triggers] }),
  }
}

function template({ uriTemplate, mimeType, ...of }: TemplateDefinition) {
  return {
    ...of,
    uri_template: uriTemplate,
    ...(mimeType !== undefined && { mime_type: mimeType }),
  }
}

function identity(of: NonNullable<SystemDefinition['identity']>): NonNullable<System['identity']> {
  if (of.kind === 'certificate') return { ...of, chain: [...of.chain] }
  return { ...of, files: of.files.map((file) => ({ ...file })) }
}

/** A definition. Its texts are the system's own: whoever shows them to people makes them inert. */
export function shownDefinition(of: Omit<SystemDefinition, 'digest'>): InspectAnswer['definition'] {
  return {
    name: of.name,
    transport: transport(of.transport),
    ...(of.era !== undefined && { era: of.era }),
    server: { ...of.server },
    ...(of.instructions !== undefined && { instructions: of.instructions }),
    actions: of.actions.map(action),
    ...(of.capabilities !== undefined && { capabilities: of.capabilities }),
    ...(of.prompts !== undefined && {
      prompts: of.prompts.map((prompt) => ({
        ...prompt,
        arguments: prompt.arguments.map((argument) => ({ ...argument })),
      })),
    }),
    ...(of.templates !== undefined && { templates: of.templates.map(template) }),
    ...(of.identity !== undefined && { identity: identity(of.identity) }),
    ...(of.passing !== undefined && { passing: [...of.passing] }),
    max_processes: of.maxProcesses,
  }
}

/** A pinned system. */
export function shownSystem(
  { authority, server }: Pick<ControlPorts, 'authority' | 'server'>,
  pinned: PinnedSystem,
): System {
  return {
    ...shownDefinition(pinned.definition),
    digest: pinned.definition.digest,
    environment: pinned.environment ?? 'default',
    fingerprint: server.fingerprint(pinned.definition),
    pinned_at: rfc3339(pinned.pinnedAt),
    pinned_by: personName(authority, pinned.person),
    reason: pinned.reason,
    isolated: (server.policies().isolated.get(pinned.definition.name) ?? []).map((problem) => ({
      ...problem,
    })),
    quarantine: waiting(authority, pinned.definition.name),
  }
}

/** What of a system waits for a person. */
function waiting(
  { quarantines }: Pick<ControlPorts['authority'], 'quarantines'>,
  name: string,
): System['quarantine'] {
  const found = quarantines.of(name)
  if (found === undefined) return null
  const { fingerprint, at, whole, actions, prompts } = found
  return {
    fingerprint,
    since: rfc3339(at),
    whole,
    actions: [...actions],
    prompts: [...prompts],
  }
}
