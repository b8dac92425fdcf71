/** What opens a copy again, as far as somebody may read it: no secret, and no command that may hold one. */
import type { ByteString } from '../../base/bytes.ts';
import { CONNECT_TOOLS, type ConnectedRepository, type ConnectTool } from './connected.ts';
import { connectedCopy } from './connected-estate.ts';
import type { VaultCopy } from './estate.ts';

/** Where its secret is come by. */
export type SecretPlace =
  | { readonly kind: 'file'; readonly path: ByteString }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'command' | 'typed' | 'none' | 'unsaid' };

export interface Opening {
  /** `VaultCopy.copy`. */
  readonly copy: string;
  readonly tool: ConnectTool | 'holdfast';
  /** Its address without secrets, as the host that opened it writes it. */
  readonly repository: string;
  readonly isEncrypted: boolean;
  /** On the host that opened it. */
  readonly config: ByteString | undefined;
  readonly keyFile: ByteString | undefined;
  readonly secret: SecretPlace;
}

/** With the host on which the paths in it are. */
export interface PlacedOpening extends Opening {
  readonly openedOn: string;
}

export function openingOf(of: ConnectedRepository): Opening {
  const { tool, repository, isEncrypted, config, keyFile, secret } = of;
  return {
    ...{ copy: connectedCopy(of), tool, repository, isEncrypted, config, keyFile },
    secret: secret.kind === 'command' ? { kind: 'command' } : secret,
  };
}

/**
 * Of a copy of which nothing more is said than its name. Undefined of a vault in a directory, which is
 * opened by its place.
 */
export function openingByName({ copy, openedBy }: VaultCopy): Opening | undefined {
  const bare = { config: undefined, keyFile: undefined, secret: { kind: 'unsaid' } } as const;
  const isEncrypted = openedBy !== undefined;
  if (/^(?:ssh|sftp):\/\//.test(copy)) {
    return { copy, tool: 'holdfast', repository: copy, isEncrypted, ...bare };
  }
  const tool = CONNECT_TOOLS.find((each) => copy.startsWith(`${each} `));
  if (tool === undefined) return undefined;
  return { copy, tool, repository: copy.slice(tool.length + 1), isEncrypted, ...bare };
}
