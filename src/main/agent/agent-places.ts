/** Where an agent of this host keeps its state, and where the guard of this host keeps its own. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** `src/main/agent` and `dist/main/agent` both lie three below it. */
const ROOT = path.join(import.meta.dirname, '../../..');
/** Of root's guard and jobs, wherever the agent keeps its own. */
export const STATE_OF_ROOT = '/var/lib/holdfast';

/** @param named by an option; then systemd's, then where Holdfast keeps its state, in `agent` */
export function agentDirectory(env: Environment, named?: string): string {
  if (named !== undefined) return path.resolve(named);
  const [given = ''] = (env.STATE_DIRECTORY ?? '').split(':');
  if (path.isAbsolute(given)) return given;
  return path.join(usualState(env), 'agent');
}

/** Beside it: `freeze`, `claim` and plans of this host are the guard's, whoever asks for them. */
export function guardState(agentDir: string): string {
  return path.dirname(agentDir);
}

function usualState(env: Environment): string {
  const named = env.HOLDFAST_STATE ?? '';
  if (path.isAbsolute(named)) return named;
  if (isOwnCheckout()) return path.join(ROOT, '.holdfast');
  if (process.getuid?.() === 0) return STATE_OF_ROOT;
  const xdg = env.XDG_STATE_HOME ?? '';
  const base = path.isAbsolute(xdg) ? xdg : path.join(env.HOME ?? os.homedir(), '.local/state');
  return path.join(base, 'holdfast');
}

function isOwnCheckout(): boolean {
  if (!fs.existsSync(path.join(ROOT, '.git'))) return false;
  try {
    fs.accessSync(ROOT, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** How this very Holdfast is run again: a job is a process of its own. */
export function holdfastCommand(): readonly [string, ...string[]] {
  const isBuilt = import.meta.filename.endsWith('.js');
  const main = path.join(import.meta.dirname, `../cli/main.${isBuilt ? 'js' : 'ts'}`);
  return [process.execPath, ...process.execArgv, main];
}
