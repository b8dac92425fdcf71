/** What of its vault this host lets its server ask for: agent.yaml says it, and in `up` its own user. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { FilesChild } from '../../adapters/agent-jobs/files-child.ts';
import { Fault } from '../../base/fault.ts';
import type { FilesLink, FilesParts, RestoreFound } from '../../watch/shell/agent/files-ports.ts';
import type { AgentConfig } from '../../wire/agent/agent-config.ts';
import { holdfastCommand } from './agent-places.ts';

export interface FilesAllowed {
  readonly files: NonNullable<AgentConfig['files']>;
  /** What others wrote as well. */
  readonly ofOthers: boolean;
}

/**
 * Without a word in agent.yaml nothing. In `up` without such a file server, agent and vault are of one
 * user already: it hands out what that user could read, and restores into a directory of its own.
 */
export function filesAllowed(
  { showEnv }: { readonly showEnv?: Readonly<Record<string, string>> | undefined },
  of: {
    readonly file: string;
    readonly config: AgentConfig;
    readonly isTrusted: boolean;
    readonly its: Readonly<Record<string, string>>;
  },
): FilesAllowed | undefined {
  const { file, config, isTrusted, its } = of;
  const isOfUp = showEnv !== undefined && isTrusted && !fs.existsSync(file);
  const { files } = config;
  if (!isOfUp) return files && { files, ofOthers: config['restore-host'] === true };
  const { HOLDFAST_STATE: state = '' } = its;
  const places = state === '' ? {} : { 'restore-to': [`${state}/restored`] };
  return { files: { read: 'content', ...places }, ofOthers: true };
}

export function filesParts(
  { files, ofOthers }: FilesAllowed,
  env: Readonly<Record<string, string>>,
  link: FilesLink,
): FilesParts {
  return {
    ofOthers,
    ...{ link, source: new FilesChild({ command: holdfastCommand(), env }), may: files.read },
    places: files['restore-to'] ?? [],
    sha256: () => {
      const hash = createHash('sha256');
      return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
    },
  };
}

/** What a restore that came as a job is of. */
export async function restoreOf(
  of: { readonly link: FilesLink; readonly allowed: FilesAllowed; readonly job: string },
  signal: AbortSignal,
): Promise<RestoreFound> {
  const { link, job } = of;
  const { files, ofOthers } = of.allowed;
  try {
    const places = files['restore-to'] ?? [];
    const [asked] = (await link.ask({ may: files.read, places, job }, signal)) ?? [];
    if (asked?.want.want === 'restore' && asked.ask === job) {
      return { ...asked.want, own: asked.want.own || !ofOthers };
    }
    return { refused: 'the server does not say what is to be restored: ask for it again' };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { refused: `what is to be restored could not be asked for: ${error.message}` };
  }
}
