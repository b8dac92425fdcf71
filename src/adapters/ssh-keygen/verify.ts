/** `ssh-keygen -Y verify` and `find-principals`: the last word on a signature. */
import type { ByteString } from '../../base/bytes.ts';
import type { SignatureCheck } from '../../host/signatures.ts';
import { runKeygen, withFile } from './run-keygen.ts';
import { revokedIfThere, type SignerPaths } from './signer-files.ts';

export function keygenCheck(paths: SignerPaths): SignatureCheck {
  return {
    async verify(given) {
      const revoked = revokedIfThere(paths);
      const against = await verify(paths, given, revoked);
      if (against === undefined || revoked === undefined) return against;
      // Of a revoked key it says only that it could not verify: without the list it says the rest.
      return (await verify(paths, given, undefined)) ?? 'its key is revoked';
    },
    async principals(signature) {
      const said = await withFile(bytesOf(signature), (file) =>
        runKeygen({ args: ['-Y', 'find-principals', '-f', paths.allowed, '-s', file] }),
      );
      if (said.status !== 0) return [];
      return said.stdout
        .toString('utf8')
        .trim()
        .split(/[\n,]/)
        .filter((name) => name !== '');
    },
  };
}

async function verify(
  paths: SignerPaths,
  { signed, signature, principal, namespace }: Parameters<SignatureCheck['verify']>[0],
  revoked: string | undefined,
): Promise<string | undefined> {
  const said = await withFile(bytesOf(signature), (file) =>
    runKeygen({
      args: [
        ...['-Y', 'verify', '-f', paths.allowed, '-I', principal, '-n', namespace],
        ...['-s', file, ...(revoked === undefined ? [] : ['-r', revoked])],
      ],
      stdin: bytesOf(signed),
    }),
  );
  if (said.status === 0) return undefined;
  return said.stderr === '' ? `ssh-keygen ended with ${said.status}` : said.stderr;
}

function bytesOf(text: ByteString): Uint8Array {
  return Buffer.from(text, 'latin1');
}
