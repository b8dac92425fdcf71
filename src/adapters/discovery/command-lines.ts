/** How the databases that run were started. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { joinPath, type World } from './world.ts';

/** The arguments of a program that was seen to run, and where it runs. */
export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
  readonly at: ByteString | undefined;
}

const PROC = byteString('/proc');

export function commandLines(world: World): readonly CommandLine[] {
  return (world.list(PROC) ?? []).flatMap(({ name }) => {
    if (!/^\d+$/.test(name)) return [];
    const path = joinPath(PROC, name);
    const args = (world.read(joinPath(path, 'cmdline')) ?? '').split('\0').slice(0, -1);
    const program = args[0]?.split('/').at(-1) ?? '';
    if (!/^(?:postgres|postmaster|mysqld|mariadbd)$/.test(program)) return [];
    return [{ program, args, at: world.link(joinPath(path, 'cwd')) }];
  });
}
