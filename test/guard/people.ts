/** Persons with keys at a machine of their own, on which plans wait. */
import fs from 'node:fs';
import path from 'node:path';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString, hexOf } from '../../src/base/bytes.ts';
import type { Verdict } from '../../src/base/plan.ts';
import { hours, minutes, unixMs } from '../../src/base/units.ts';
import { PlanStore, type StoredPlan } from '../../src/guard/shell/plan-store.ts';
import { Bench, PROGRAM } from '../cli/run-cli.ts';
import { deleteExample, headerExample } from './plan-example.ts';
import { Signing } from './signing.ts';
import { onTerminal } from './terminal.ts';

export class People extends Bench {
  readonly keys = new Signing();
  readonly store = new PlanStore({
    ...{ disk: nodeDisk(), tools: nodeTools(), stateDir: byteString(this.state) },
  });

  /** Held, for something that cannot be put back. */
  plan(verdict: Partial<Verdict> = {}): StoredPlan & { readonly digits: string } {
    const id = this.store.newId();
    const now = Date.now();
    const draft = this.store.draft(
      headerExample({ id, created: unixMs(now), expires: unixMs(now + hours(48)) }),
    );
    draft.add(deleteExample('extra/one.iso'));
    draft.add(deleteExample('extra/two.iso'));
    draft.seal();
    this.store.putVerdict({ ...HELD, plan: id, ...verdict }, unixMs(now));
    const plan = this.store.read(id);
    return { ...plan, digits: hexOf(plan.digest).slice(0, 8) };
  }

  allow(lines: Parameters<Signing['allowed']>[0]): void {
    fs.mkdirSync(this.state, { recursive: true, mode: 0o700 });
    const text = this.keys.allowed(lines);
    fs.writeFileSync(path.join(this.state, 'allowed_signers'), text, { mode: 0o644 });
  }

  /** As typed by a person. */
  typed(command: string, answers: Parameters<typeof onTerminal>[1]['answers'] = []) {
    const env = { HOME: this.scratch, LANG: 'C.UTF-8', HOLDFAST_STATE: this.state };
    return onTerminal(`stty cols 100; ${PROGRAM} ${command}`, { env, cwd: this.scratch, answers });
  }

  override remove(): void {
    this.keys.end();
    super.remove();
  }
}

export const HELD: Verdict = {
  plan: 'p-00000000',
  decision: 'hold',
  objections: [
    {
      ...{ rule: 'undo', effect: 'hold', mode: 'enforce', opCount: 2, sample: [0, 1] },
      ...{ why: 'two files could not be put back', fix: 'back them up', isInvariant: false },
    },
  ],
  passed: ['complete'],
  needs: { approvals: 2, coolOffMs: minutes(10), namesTarget: false },
};
