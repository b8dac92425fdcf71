/** `holdfast approve --signers`: who may approve on this host. */
import { Fault } from '../../base/fault.ts';
import { countOf } from '../../base/say-quantity.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutTable } from '../../base/say-table.ts';
import { wrap } from '../../base/say-width.ts';
import type { Style } from '../../base/say.ts';
import { type AllowedSigner, readSigners } from '../../guard/core/allowed-signers.ts';
import { fingerprintOf } from '../../guard/core/ssh-signature.ts';
import type { Answer } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { approvalPorts } from './approvals-here.ts';
import type { GuardSession } from './guard-session.ts';

const MAY: Readonly<Record<AllowedSigner['kind'], string>> = {
  person: 'may approve',
  service: 'never: a service',
  agent: 'never: an agent',
  nobody: 'never: a pattern names nobody',
};

export function signersAnswer(session: GuardSession): Answer {
  const { signers: file, tools } = approvalPorts(session);
  const text = file.allowed();
  if (text === undefined) {
    const why = `nobody may approve here yet: ${file.path} is missing`;
    throw new Fault('HF_SIGNERS_ABSENT', why, { file: file.path });
  }
  const { signers, unreadable } = readSigners(tools.codec, text);
  const rows = signers.map((signer) => ({ ...signer, key: fingerprintOf(tools, signer.key) }));
  const persons = new Set(signers.filter(({ kind }) => kind === 'person').map(({ name }) => name));
  return {
    code: EXIT.done,
    say: (style) => words(style, { rows, unreadable, count: persons.size, path: file.path }),
    json: {
      file: file.path,
      signers: rows.map(({ name, kind, keyType, key, comment, line, options }) => {
        return { name, kind, keyType, key, comment, line, options };
      }),
      unreadable,
    },
  };
}

/** With the fingerprint of its key. */
type SignerRow = Omit<AllowedSigner, 'key'> & { readonly key: string };

function* words(
  style: Style,
  said: {
    readonly rows: readonly SignerRow[];
    readonly unreadable: readonly number[];
    readonly count: number;
    readonly path: string;
  },
): Iterable<string> {
  const { rows, unreadable, count, path } = said;
  yield* wrap(`${countOf(count, 'person')} may approve on this host, by ${path}.`, style.width);
  yield '';
  const columns = [
    { header: 'PERSON' },
    { header: '' },
    { header: 'KEY', shrink: 'start' as const, widthMin: 20 },
    { header: 'CALLED', shrink: 'start' as const },
  ];
  const cells = rows.map(({ name, kind, key, comment }) =>
    [sayText(name), MAY[kind], key, sayText(comment)].map((text) => ({ text })),
  );
  yield* layoutTable(style, columns, cells);
  if (unreadable.length > 0) {
    yield '';
    yield* wrap(`Not understood: line ${unreadable.join(', ')}.`, style.width);
  }
}
