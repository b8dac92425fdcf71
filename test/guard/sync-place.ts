/** A source, a vault, a target and a state directory for `holdfast sync`. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Ran, RunPlace, type RunPlaceOptions } from './run-place.ts';

/** What lies in the trees of a test was written just now; that it is asked about is tested elsewhere. */
const QUIET = 'guard:\n  modes: { live: observe, radius: observe }\n';

export interface SyncJson {
  readonly targets: readonly {
    readonly target: string;
    readonly code: number;
    readonly plan: {
      readonly id: string;
      readonly ops: { readonly count: number };
      readonly summary: Readonly<
        Record<string, { readonly ops: number; readonly entries: number }>
      >;
      readonly source: { readonly listing: { readonly complete: string } };
    };
    readonly verdict: {
      readonly decision: string;
      readonly objections: readonly { readonly rule: string; readonly effect: string }[];
    };
    readonly done?: { readonly outcome: string; readonly linkBytes?: number };
    readonly notDone?: string;
    readonly ops?: readonly object[];
    readonly leftCount: number;
  }[];
}

export class SyncPlace extends RunPlace {
  readonly vault = path.join(this.dir, 'vault');
  readonly config = path.join(this.dir, 'holdfast.yaml');

  constructor(options: { readonly config?: string } = {}) {
    super();
    fs.writeFileSync(this.config, options.config ?? QUIET);
    fs.mkdirSync(this.state, { recursive: true });
    const ran = this.holdfast(['init', '--vault', this.vault, '--new-key-file'], {
      env: { HOLDFAST_VAULT: undefined },
    });
    assert.equal(ran.status, 0, ran.stderr);
  }

  run(args: readonly string[], options: RunPlaceOptions = {}): Ran {
    const env = { HOLDFAST_VAULT: this.vault, HOLDFAST_FULL_SPEED: '1', ...options.env };
    return this.holdfast(['sync', ...args], { ...options, env });
  }

  /** With `--json`: its exit code and what it said of the first target. */
  json(
    args: readonly string[] = [this.source, this.target, '--yes'],
    options: RunPlaceOptions = {},
  ): { readonly code: number | null; readonly said: SyncJson['targets'][number] } {
    const ran = this.run([...args, '--json'], options);
    let said: SyncJson;
    try {
      said = JSON.parse(ran.stdout) as SyncJson;
    } catch {
      throw new Error(`no JSON (exit ${ran.status}): ${ran.stdout}${ran.stderr}`);
    }
    const [first] = said.targets;
    assert.ok(first !== undefined, ran.stdout);
    return { code: ran.status, said: first };
  }

  /** A tool of its own says that both are the same, to the last attribute. */
  demandEqual(target = this.target, options: readonly string[] = []): void {
    const out = execFileSync(
      'rsync',
      ['-aHAXni', '--delete', '--checksum', ...options, `${this.source}/`, `${target}/`],
      { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
    );
    assert.equal(out, '');
  }
}

export function syncPlace(
  t: { after(clean: () => void): void },
  options: { readonly config?: string } = {},
): SyncPlace {
  const place = new SyncPlace(options);
  t.after(() => place.remove());
  return place;
}
