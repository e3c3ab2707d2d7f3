// Holds policies as part of `apply`: the folder `policies/` beside `bailiwick.yaml`, compared with what is in force.

import { statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { PolicyApplied } from '../../wire/api/policy.ts'
import type { Control } from '../control/control.ts'
import { collectPolicies } from '../policy-files.ts'
import type { MemberChange } from './kind.ts'
import type { Change } from './plan.ts'

/**
 * The folder of policies that belongs to what is applied: in a folder that is named, or beside a file named `bailiwick.yaml`. Another
 * file says nothing of policies, whatever lies beside it.
 */
export function policyFolder(file: string, cwd: string): string | undefined {
  if (file === '-') return undefined
  const path = resolve(cwd, file)
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  if (!folder && !/^bailiwick\.ya?ml$/.test(basename(path))) return undefined
  const policies = join(folder ? path : dirname(path), 'policies')
  return statSync(policies, { throwIfNoEntry: false })?.isDirectory() === true
    ? policies
    : undefined
}

/** What putting the folder in force would change; nothing where it is in force. Throws where the policies do not hold. */
export async function policyChanges(
  control: Control,
  folder: string,
  reason: string,
): Promise<Change[]> {
  const sources = collectPolicies([folder], folder)
  const send = (dry: boolean, why: string): Promise<PolicyApplied> => {
    const body = { sources, dry_run: dry, reason: why }
    return control.send('POST', '/v1/policies', body, PolicyApplied)
  }
  const { added, changed, removed } = await send(true, reason)
  const members = Object.entries({ added, changed, removed })
    .filter(([, ids]) => ids.length > 0)
    .map(([member, to]): MemberChange => ({ member, from: [], to }))
  if (members.length === 0) return []
  return [
    {
      kind: 'policies',
      name: basename(folder),
      action: 'update',
      members,
      send: async ({ reason: why }) => {
        await send(false, why)
      },
    },
  ]
}
