/**
 * Where a plan comes, goes, or is signed, and what makes of a signature another: who may sign, whose key
 * is no longer good, that it has expired. An agent looks at these often, and at nothing else in them.
 */
import fs from 'node:fs';
import { signersOfState } from '../../adapters/ssh-keygen/signer-files.ts';
import { byteString } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import { parseApproval } from '../../guard/core/approval.ts';

/** Of what is longer nothing is read: it approves nothing. */
const APPROVAL_BYTES_MAX = 64 * 1024;
const APPROVALS_MAX = 100;

/** Another text where one did. What may not be seen is a text of its own. */
export function planStamp(stateDir: string, now: UnixMs): string {
  const plans = `${stateDir}/guard/plans`;
  const { allowed, revoked } = signersOfState(stateDir);
  const stamps = namesIn(plans).map((name) => {
    const approvals = `${plans}/${name}/approvals`;
    const isOver = namesIn(approvals)
      .filter((each) => each.endsWith('.approval'))
      .slice(0, APPROVALS_MAX)
      .map((each) => (hasExpired(`${approvals}/${each}`, now) ? 'over' : ''));
    return `${name} ${stampOf(`${plans}/${name}`)} ${stampOf(approvals)} ${isOver.join()}`;
  });
  return [stampOf(plans), stampOf(allowed), stampOf(revoked), ...stamps].join(' ');
}

function hasExpired(file: string, now: UnixMs): boolean {
  try {
    const stat = fs.lstatSync(file);
    if (!stat.isFile() || stat.size > APPROVAL_BYTES_MAX) return false;
    const approval = parseApproval(byteString(fs.readFileSync(file, 'latin1')));
    return approval !== undefined && now >= approval.statement.expires;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return false;
  }
}

function namesIn(dir: string): readonly string[] {
  try {
    return fs.readdirSync(dir).sort();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return [];
  }
}

function stampOf(file: string): string {
  try {
    return String(fs.statSync(file).mtimeMs);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return '-';
  }
}
