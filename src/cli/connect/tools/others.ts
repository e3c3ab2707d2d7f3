// Holds the built-in tools of the other clients with hooks, as their documentation lists them.

import { CHANGES, EVERYTHING, FETCHES, LOOKS, tool, type DescribedTool } from './described.ts'

/** Tools of Codex. */
export const CODEX_TOOLS: readonly DescribedTool[] = [
  tool('Bash', EVERYTHING, { command: 'text' }),
  tool('shell', EVERYTHING, { workdir: 'text', timeout_ms: 'number' }),
  tool('local_shell', EVERYTHING),
  tool('exec_command', EVERYTHING, { cmd: 'text', workdir: 'text' }),
  tool('write_stdin', EVERYTHING),
  tool('apply_patch', CHANGES, { command: 'text', input: 'text' }),
  tool('update_plan', CHANGES, { explanation: 'text' }),
  tool('view_image', LOOKS, { path: 'text' }),
  tool('web_search', FETCHES, { query: 'text' }),
]

/** Tools of Cursor. */
export const CURSOR_TOOLS: readonly DescribedTool[] = [
  tool('Shell', EVERYTHING, { command: 'text', cwd: 'text' }),
  tool('Read', LOOKS, { file_path: 'text', path: 'text' }),
  tool('Grep', LOOKS, { pattern: 'text', path: 'text' }),
  tool('Glob', LOOKS, { pattern: 'text', glob_pattern: 'text' }),
  tool('LS', LOOKS, { path: 'text' }),
  tool('SemanticSearch', LOOKS, { query: 'text' }),
  tool('ReadLints', LOOKS),
  tool('AskQuestion', LOOKS),
  tool('Write', CHANGES, { file_path: 'text', path: 'text', content: 'text' }),
  tool('Edit', CHANGES, { file_path: 'text', path: 'text' }),
  tool('StrReplace', CHANGES, { file_path: 'text', path: 'text' }),
  tool('EditNotebook', CHANGES),
  tool('TodoWrite', CHANGES),
  tool('Task', CHANGES, { description: 'text', prompt: 'text' }),
  tool('Delete', ['write', 'destructive'], { file_path: 'text', path: 'text' }),
  tool('WebFetch', FETCHES, { url: 'text' }),
  tool('WebSearch', FETCHES, { query: 'text', search_term: 'text' }),
]

/** Tools of VS Code's agents and of Copilot's command line. */
export const VSCODE_TOOLS: readonly DescribedTool[] = [
  tool('run_in_terminal', EVERYTHING, { command: 'text', explanation: 'text' }),
  tool('bash', EVERYTHING, { command: 'text', description: 'text' }),
  tool('powershell', EVERYTHING, { command: 'text', description: 'text' }),
  tool('create_and_run_task', EVERYTHING),
  tool('run_task', EVERYTHING),
  tool('read_file', LOOKS, { filePath: 'text' }),
  tool('view', LOOKS, { path: 'text' }),
  tool('list_dir', LOOKS, { path: 'text' }),
  tool('file_search', LOOKS, { query: 'text' }),
  tool('grep_search', LOOKS, { query: 'text' }),
  tool('semantic_search', LOOKS, { query: 'text' }),
  tool('get_errors', LOOKS),
  tool('get_terminal_output', LOOKS),
  tool('glob', LOOKS, { pattern: 'text' }),
  tool('grep', LOOKS, { pattern: 'text' }),
  tool('ask_user', LOOKS),
  tool('create_file', CHANGES, { filePath: 'text', content: 'text' }),
  tool('create', CHANGES, { path: 'text' }),
  tool('edit', CHANGES, { path: 'text' }),
  tool('create_directory', CHANGES, { dirPath: 'text' }),
  tool('insert_edit_into_file', CHANGES, { filePath: 'text' }),
  tool('replace_string_in_file', CHANGES, { filePath: 'text' }),
  tool('multi_replace_string_in_file', CHANGES),
  tool('apply_patch', CHANGES, { input: 'text' }),
  tool('manage_todo_list', CHANGES),
  tool('runSubagent', CHANGES, { prompt: 'text' }),
  tool('task', CHANGES, { prompt: 'text' }),
  tool('fetch_webpage', FETCHES, { urls: 'texts' }),
  tool('web_fetch', FETCHES, { url: 'text' }),
]

/** Tools of Gemini CLI. */
export const GEMINI_TOOLS: readonly DescribedTool[] = [
  tool('run_shell_command', EVERYTHING, {
    command: 'text',
    description: 'text',
    directory: 'text',
  }),
  tool('read_file', LOOKS, { file_path: 'text', absolute_path: 'text' }),
  tool('read_many_files', LOOKS, { paths: 'texts', include: 'texts' }),
  tool('list_directory', LOOKS, { path: 'text', dir_path: 'text' }),
  tool('glob', LOOKS, { pattern: 'text' }),
  tool('search_file_content', LOOKS, { pattern: 'text' }),
  tool('grep_search', LOOKS, { pattern: 'text' }),
  tool('write_file', CHANGES, { file_path: 'text', content: 'text' }),
  tool('replace', CHANGES, { file_path: 'text' }),
  tool('save_memory', CHANGES, { fact: 'text' }),
  tool('write_todos', CHANGES),
  tool('web_fetch', FETCHES, { prompt: 'text' }),
  tool('google_web_search', FETCHES, { query: 'text' }),
]
