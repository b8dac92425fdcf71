/** A source, a target and a state directory; commands that are guarded there; what lies there. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PROGRAM } from '../cli/run-cli.ts';

export interface RunPlaceOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string | Buffer;
  /** Words that stand before the program: `unshare`, `setpriv`. */
  readonly before?: readonly string[];
  /** Of ours, before `--`. */
  readonly options?: readonly string[];
}

export type Ran = Pick<SpawnSyncReturns<string>, 'status' | 'stdout' | 'stderr' | 'signal'>;

export class RunPlace {
  readonly #scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'hf-guard-run-')));
  /** What is set aside beside it lies in the scratch directory too. */
  readonly dir = path.join(this.#scratch, 'place');
  readonly source = path.join(this.dir, 'source');
  readonly target = path.join(this.dir, 'around', 'target');
  readonly state = path.join(this.dir, 'state');

  constructor() {
    fs.chmodSync(this.#scratch, 0o755);
    fs.mkdirSync(this.dir, { mode: 0o755 });
    fs.mkdirSync(this.source);
    fs.mkdirSync(this.target, { recursive: true });
  }

  /** `holdfast guard run OPTIONS -- ARGV`. */
  guard(argv: readonly string[], options: RunPlaceOptions = {}): Ran {
    return this.holdfast(['guard', 'run', ...(options.options ?? []), '--', ...argv], options);
  }

  holdfast(args: readonly string[], options: RunPlaceOptions = {}): Ran {
    const [program = '', ...rest] = [...(options.before ?? []), PROGRAM, ...args];
    return spawnSync(program, rest, {
      cwd: options.cwd ?? this.dir,
      env: { ...process.env, HOLDFAST_STATE: this.state, LC_ALL: 'C.UTF-8', ...options.env },
      encoding: 'utf8',
      ...(options.input === undefined ? {} : { input: options.input }),
    });
  }

  /** `rsync -a --delete` from source to target, guarded. */
  sync(options: RunPlaceOptions & { readonly more?: readonly string[] } = {}): Ran {
    return this.guard(
      ['rsync', '-a', '--delete', ...(options.more ?? []), `${this.source}/`, `${this.target}/`],
      options,
    );
  }

  /** Files called `f0`, `f1`, ... below the source, written days ago. */
  fill(count: number, below = ''): void {
    const dir = path.join(this.source, below);
    fs.mkdirSync(dir, { recursive: true });
    for (let at = 0; at < count; at++) this.put(path.join(below, `f${at}`), `${below} ${at}\n`);
  }

  put(name: string | Buffer, text: string, where = this.source): void {
    const file = Buffer.concat([Buffer.from(`${where}/`), Buffer.from(name)]);
    fs.writeFileSync(file, text);
    const old = Date.now() / 1000 - 3 * 86_400;
    fs.utimesSync(file, old, old);
  }

  /** Everything below, as it is: kinds, modes, owners, times, content, links, what shares an inode. */
  listing(top = this.target): readonly string[] {
    const inodes = new Map<bigint, string>();
    const lines: string[] = [];
    const walk = (dir: Buffer, shown: string): void => {
      const names = fs.readdirSync(dir, { encoding: 'buffer' });
      names.sort((a, b) => Buffer.compare(a, b));
      for (const name of names) {
        if (name.toString().startsWith('.holdfast-undo')) continue;
        const at = Buffer.concat([dir, Buffer.from('/'), name]);
        const below = `${shown}/${name.toString('latin1')}`;
        const stat = fs.lstatSync(at, { bigint: true });
        const first = inodes.get(stat.ino) ?? below;
        inodes.set(stat.ino, first);
        const content = stat.isFile()
          ? createHash('sha256').update(fs.readFileSync(at)).digest('hex')
          : stat.isSymbolicLink()
            ? fs.readlinkSync(at, 'latin1')
            : '';
        const shared = stat.isDirectory() ? '' : first;
        lines.push(
          [below, stat.mode.toString(8), stat.uid, stat.gid, stat.mtimeNs, content, shared].join(
            ' ',
          ),
        );
        if (stat.isDirectory()) walk(at, below);
      }
    };
    walk(Buffer.from(top), '');
    return lines;
  }

  /** The same without times: rsync leaves those of a second as they are. */
  content(top = this.target): readonly string[] {
    return this.listing(top).map((line) => line.replace(/ \d{19} /, ' '));
  }

  /** Names alone. */
  names(top = this.target): readonly string[] {
    return this.listing(top).map((line) => line.split(' ')[0] ?? '');
  }

  /** The plan that the last run spoke of. */
  plan(ran: Ran): string {
    return /p-[0-9a-f]{8}/.exec(ran.stderr)?.[0] ?? '';
  }

  remove(): void {
    fs.rmSync(this.#scratch, { recursive: true, force: true });
  }
}

/** @returns a place that is removed when the test ends */
export function runPlace(t: { after(clean: () => void): void }): RunPlace {
  const place = new RunPlace();
  t.after(() => place.remove());
  return place;
}
