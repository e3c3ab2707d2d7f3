// Holds the document that describes the built-in tools of a client: what is pinned under the client's name.

import { prettyJson } from '../../terminal/json.ts'
import type { HookClient } from '../../../wire/client.ts'
import { CLAUDE_CODE_TOOLS } from './claude-code.ts'
import type { DescribedTool } from './described.ts'
import { CODEX_TOOLS, CURSOR_TOOLS, GEMINI_TOOLS, VSCODE_TOOLS } from './others.ts'

const TITLES: Readonly<
  Record<HookClient, readonly [title: string, tools: readonly DescribedTool[]]>
> = {
  'claude-code': ['Claude Code', CLAUDE_CODE_TOOLS],
  codex: ['Codex', CODEX_TOOLS],
  cursor: ['Cursor', CURSOR_TOOLS],
  vscode: ['VS Code and Copilot', VSCODE_TOOLS],
  gemini: ['Gemini CLI', GEMINI_TOOLS],
}

/** The built-in tools of a client as a system that is described (`tools`). */
export function toolsDocument(client: HookClient): string {
  const [title, tools] = TITLES[client]
  return prettyJson({ info: { title: `built-in tools of ${title}`, version: '1' }, tools })
}
