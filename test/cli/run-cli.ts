/** The real program, started as people start it, with a vault and a state of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '../..');
export const PROGRAM = path.join(ROOT, 'bin/holdfast');

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Run as nobody, who may not read everything. */
  readonly asNobody?: boolean;
  /** Instead of `holdfast`. */
  readonly program?: string;
}

/** A scratch directory with a place for a vault, a state and data. */
export class Bench {
  readonly scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-cli-'));
  readonly vault = path.join(this.scratch, 'vault');
  readonly state = path.join(this.scratch, 'state');

  /** Arguments of `holdfast`; the vault is given by the environment. */
  run(args: readonly string[], options: RunOptions = {}): Ran {
    const [program, ...rest] = this.#command(args, options);
    const ran = spawnSync(program, rest, {
      cwd: options.cwd ?? this.scratch,
      env: this.#environment(options),
      encoding: 'utf8',
    });
    return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
  }

  start(args: readonly string[], options: RunOptions = {}): ChildProcess {
    const [program, ...rest] = this.#command(args, options);
    return spawn(program, rest, {
      cwd: options.cwd ?? this.scratch,
      env: this.#environment(options),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** Runs it with `--json` and reads what it says. @throws where that is no single object */
  json(args: readonly string[], options: RunOptions = {}): { status: number | null; said: Said } {
    const { status, stdout, stderr } = this.run([...args, '--json'], options);
    try {
      return { status, said: JSON.parse(stdout) as Said };
    } catch (cause) {
      throw new Error(`no JSON: ${stdout}\n${stderr}`, { cause });
    }
  }

  at(...names: readonly string[]): string {
    return path.join(this.scratch, ...names);
  }

  /** A file, with its directories; times long past, so that it is no longer young. */
  write(name: string, content: string | Uint8Array = name): string {
    const file = this.at(name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    return file;
  }

  remove(): void {
    fs.rmSync(this.scratch, { recursive: true, force: true });
  }

  #command(args: readonly string[], options: RunOptions): [string, ...string[]] {
    const command: [string, ...string[]] = [options.program ?? PROGRAM, ...args];
    if (options.asNobody !== true || process.getuid?.() !== 0) return command;
    return ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command];
  }

  #environment(options: RunOptions): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.scratch,
      LANG: 'C.UTF-8',
      HOLDFAST_STATE: this.state,
      HOLDFAST_VAULT: this.vault,
      HOLDFAST_FULL_SPEED: '1',
      ...options.env,
    };
  }
}

/** What commands say as JSON, so far as tests look at it. */
export interface Said {
  readonly [name: string]: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string };
  readonly snapshots?: readonly SaidSnapshot[];
  readonly backups?: readonly SaidSnapshot[];
  readonly keys?: readonly { readonly id: string; readonly kind: string; readonly label: string }[];
}

export interface SaidSnapshot {
  readonly [name: string]: unknown;
  readonly id?: string;
  readonly snapshot?: string;
  readonly dataSet?: string;
  readonly unchanged?: boolean;
  readonly gapCount?: number;
  readonly gaps?: readonly { readonly path: string; readonly why: string }[];
  readonly excluded?: readonly object[];
  readonly started?: string;
  readonly roots?: readonly { readonly path: string }[];
  readonly frozen?: {
    readonly method: string;
    readonly guarantee: string;
    readonly at: string;
    readonly facts: Readonly<Record<string, string | number>>;
  };
  readonly hooks?: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly why?: string;
  }[];
  readonly service?: { readonly name: string; readonly run: string; readonly order: number };
  readonly error?: { readonly code: string };
}

/** Every path below `root` with what tells two trees apart. */
export function treeOf(root: string): readonly string[] {
  return fs
    .readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const file = path.join(root, name);
      const stat = fs.lstatSync(file);
      const content = stat.isSymbolicLink()
        ? fs.readlinkSync(file)
        : stat.isFile()
          ? fs.readFileSync(file).toString('base64')
          : '';
      return [name, stat.mode, stat.uid, stat.mtimeMs, content].join(' ');
    });
}
