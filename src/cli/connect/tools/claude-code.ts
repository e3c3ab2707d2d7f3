// Holds the built-in tools of Claude Code, as its documentation lists them.

import { CHANGES, EVERYTHING, FETCHES, LOOKS, tool, type DescribedTool } from './described.ts'

const FILE = { file_path: 'text' } as const

/** Tools of Claude Code. What a sub-agent does is asked about by itself. */
export const CLAUDE_CODE_TOOLS: readonly DescribedTool[] = [
  tool('Bash', EVERYTHING, {
    command: 'text',
    description: 'text',
    timeout: 'number',
    run_in_background: 'flag',
  }),
  tool('PowerShell', EVERYTHING, { command: 'text', description: 'text', timeout: 'number' }),
  tool('Monitor', EVERYTHING, { command: 'text', description: 'text' }),
  tool('Read', LOOKS, { ...FILE, offset: 'number', limit: 'number' }),
  tool('Glob', LOOKS, { pattern: 'text', path: 'text' }),
  tool('Grep', LOOKS, {
    pattern: 'text',
    path: 'text',
    glob: 'text',
    type: 'text',
    output_mode: 'text',
  }),
  tool('LS', LOOKS, { path: 'text' }),
  tool('NotebookRead', LOOKS, { notebook_path: 'text' }),
  tool('LSP', LOOKS),
  tool('BashOutput', LOOKS, { bash_id: 'text' }),
  tool('TaskOutput', LOOKS, { task_id: 'text' }),
  tool('TaskGet', LOOKS),
  tool('TaskList', LOOKS),
  tool('ToolSearch', LOOKS, { query: 'text' }),
  tool('AskUserQuestion', LOOKS),
  tool('EnterPlanMode', LOOKS),
  tool('ExitPlanMode', LOOKS, { plan: 'text' }),
  tool('ListMcpResourcesTool', LOOKS, { server: 'text' }),
  tool('ReadMcpResourceTool', LOOKS, { server: 'text', uri: 'text' }),
  tool('Edit', CHANGES, { ...FILE, old_string: 'text', new_string: 'text', replace_all: 'flag' }),
  tool('MultiEdit', CHANGES, FILE),
  tool('Write', CHANGES, { ...FILE, content: 'text' }),
  tool('NotebookEdit', CHANGES, {
    notebook_path: 'text',
    new_source: 'text',
    cell_id: 'text',
    cell_type: 'text',
    edit_mode: 'text',
  }),
  tool('TodoWrite', CHANGES),
  tool('TaskCreate', CHANGES),
  tool('TaskUpdate', CHANGES),
  tool('TaskStop', CHANGES, { task_id: 'text' }),
  tool('KillShell', CHANGES, { shell_id: 'text' }),
  tool('Task', CHANGES, { description: 'text', prompt: 'text', subagent_type: 'text' }),
  tool('Agent', CHANGES, { description: 'text', prompt: 'text', subagent_type: 'text' }),
  tool('Skill', CHANGES, { skill: 'text', args: 'text' }),
  tool('SlashCommand', CHANGES, { command: 'text' }),
  tool('EnterWorktree', CHANGES, { name: 'text' }),
  tool('ExitWorktree', CHANGES),
  tool('WebFetch', FETCHES, { url: 'text', prompt: 'text' }),
  tool('WebSearch', FETCHES, { query: 'text', allowed_domains: 'texts', blocked_domains: 'texts' }),
]
