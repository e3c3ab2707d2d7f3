// Holds the look at what a system says outside of any call: notifications, and what a program wrote when it failed.

import type { JsonObject } from '../../std/json.ts'
import type { Equipment } from '../equipment.ts'
import { freshEffort } from './effort.ts'
import { Finding } from './finding.ts'
import { ownSecrets } from './own-secrets.ts'
import { termsFor } from './terms.ts'
import { lookAt, type TextLook } from './text.ts'
import { TreeLook } from './tree.ts'

/** No call, so no policy obliges to anything: secrets and what nobody sees are taken out. */
const NOBODY = { labels: [] }

function lookFor(secrets: Equipment['secrets']): TextLook {
  const terms = termsFor(NOBODY, undefined)
  return { own: ownSecrets(secrets), terms, finding: new Finding(terms), effort: freshEffort() }
}

/** A tree as agents may see it; the same tree where there is nothing to change. */
export function screened(tree: JsonObject, secrets: Equipment['secrets']): JsonObject {
  return new TreeLook(lookFor(secrets)).at(tree)
}

/** A text as people and agents may see it. */
export function screenedText(text: string, secrets: Equipment['secrets']): string {
  return lookAt(text, lookFor(secrets))
}
