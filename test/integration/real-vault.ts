/** A vault and a tree in a scratch folder, worked on by the real command line in its own process. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Seeded } from '../../sim/seeded.ts';

const MAIN = path.join(import.meta.dirname, '..', '..', 'src', 'main', 'cli', 'main.ts');

export interface Ran {
  /** Undefined: it was killed. */
  readonly code: number | undefined;
  /** What it printed as JSON at its end; undefined where it printed none. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
  readonly said: string;
  readonly durationMs: number;
}

export class RealVault implements Disposable {
  readonly dir: string;
  readonly data: string;
  /** Where it lies; below the scratch folder, if nobody says otherwise. */
  vault: string;
  readonly key: string;
  #scratchCount = 0;

  constructor() {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-real-'));
    this.data = path.join(this.dir, 'data');
    this.vault = path.join(this.dir, 'vault');
    this.key = path.join(this.dir, 'key');
    fs.mkdirSync(this.data);
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.dir, { recursive: true, force: true });
  }

  async init(): Promise<void> {
    const { code, said } = await this.run([
      'init',
      '--vault',
      this.vault,
      '--new-key-file',
      this.key,
    ]);
    assert.equal(code, 0, said);
  }

  backup(killAfterMs?: number): Promise<Ran> {
    const args = ['backup', ...this.#where(), '--min-free', '0', '--full-speed', this.data];
    return this.run(args, killAfterMs);
  }

  /** Structure and every byte. */
  async check(): Promise<void> {
    const { code, said } = await this.run(['vault', 'check', '--read-data', ...this.#where()]);
    assert.equal(code, 0, said);
  }

  /** Restores a snapshot into a scratch place and says what is there. */
  async restored(snapshot: string): Promise<ReadonlyMap<string, string>> {
    this.#scratchCount += 1;
    const target = path.join(this.dir, `restored-${this.#scratchCount}`);
    const { code, said } = await this.run(['restore', ...this.#where(), snapshot, target]);
    assert.equal(code, 0, said);
    const found = listingOf(target);
    fs.rmSync(target, { recursive: true });
    return found;
  }

  run(args: readonly string[], killAfterMs?: number): Promise<Ran> {
    const env = { ...process.env, HOLDFAST_STATE: path.join(this.dir, 'state') };
    const child = spawn(process.execPath, [MAIN, ...args, '--json'], { env, cwd: this.dir });
    return outcomeOf(child, killAfterMs);
  }

  #where(): string[] {
    return ['--vault', this.vault, '--key-file', this.key];
  }
}

export async function outcomeOf(
  child: ChildProcess,
  killAfterMs: number | undefined,
): Promise<Ran> {
  const startedAt = performance.now();
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  // All threads of the process at once, in the middle of whatever they do.
  const timer =
    killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const code = await new Promise<number | undefined>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => resolve(exit ?? undefined));
  });
  clearTimeout(timer);
  const last = said.trimEnd().split('\n').at(-1) ?? '';
  const json = last.startsWith('{') && code !== undefined ? JSON.parse(last) : undefined;
  return { code, json, said, durationMs: performance.now() - startedAt };
}

/** The snapshot that a backup was acknowledged with; undefined where it was not. */
export function acknowledged({ code, json }: Ran): string | undefined {
  if (code !== 0 && code !== 6) return undefined;
  const [first] = Array.isArray(json?.backups) ? json.backups : [];
  assert.equal(typeof first?.snapshot, 'string', 'an acknowledgement names its snapshot');
  return first.snapshot;
}

export function errorCode({ json }: Ran): unknown {
  const error = json?.error;
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

/** Type, mode, time and content of all that lies below a directory, by path. */
export function listingOf(top: string): ReadonlyMap<string, string> {
  const listing = new Map<string, string>();
  for (const name of fs.readdirSync(top, { recursive: true, encoding: 'latin1' }).sort()) {
    const file = path.join(top, name);
    const stat = fs.lstatSync(file, { bigint: true });
    const content = stat.isFile()
      ? createHash('sha256').update(fs.readFileSync(file)).digest('hex')
      : '';
    listing.set(name, `${stat.mode.toString(8)} ${stat.mtimeNs} ${content}`);
  }
  return listing;
}

/** Files of a tree, made and changed as a seed says. */
export class RealTree {
  readonly #top: string;
  readonly #seeded: Seeded;
  #count = 0;

  constructor(top: string, seed: number) {
    this.#top = top;
    this.#seeded = new Seeded(seed);
  }

  grow(fileCount: number, sizeMax: number): void {
    for (let at = 0; at < fileCount; at++) {
      const dir = path.join(this.#top, `d${this.#seeded.below(10)}`);
      fs.mkdirSync(dir, { recursive: true });
      this.#count += 1;
      this.#write(path.join(dir, `f${this.#count}`), 1 + this.#seeded.below(sizeMax));
    }
  }

  /** Some files get other content, some go, some come. */
  live(): void {
    for (const name of fs.readdirSync(this.#top, { recursive: true, encoding: 'latin1' })) {
      const file = path.join(this.#top, name);
      if (!fs.lstatSync(file).isFile()) continue;
      const roll = this.#seeded.below(20);
      if (roll === 0) fs.unlinkSync(file);
      else if (roll === 1) this.#write(file, 1 + this.#seeded.below(100_000));
    }
    this.grow(this.#seeded.below(20), 100_000);
  }

  #write(file: string, sizeBytes: number): void {
    const words = new Uint32Array(Math.ceil(sizeBytes / 4));
    for (let at = 0; at < words.length; at++) words[at] = this.#seeded.next() * 2 ** 32;
    fs.writeFileSync(file, new Uint8Array(words.buffer, 0, sizeBytes));
  }
}
