import { z } from 'zod';
import { byteString } from '../../base/bytes.ts';
import { durationMs, unixMs } from '../../base/units.ts';
import type { ConnectedRepository } from '../../watch/core/connected.ts';
import type { StateTables } from './migrations.ts';

// Like all of the state it is parsed and never trusted; what does not parse has to be connected anew.

const time = z.number().transform(unixMs);
const bytes = z.string().transform(byteString);
const orNothing = <T extends z.ZodType>(schema: T) =>
  schema.nullable().transform((value) => value ?? undefined);

const secret = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path: bytes }),
  z.object({ kind: z.literal('command'), line: z.string() }),
  z.object({ kind: z.literal('environment'), name: z.string() }),
  z.object({ kind: z.literal('typed') }),
  z.object({ kind: z.literal('none') }),
]);

const point = z.object({
  id: z.string(),
  time,
  host: orNothing(z.string()),
  paths: z.array(bytes),
  tags: z.array(z.string()),
});

const held = z.object({ path: bytes, point: z.string(), entries: z.number(), bytes: z.number() });

const trouble = z.object({
  at: time,
  code: z.string(),
  message: z.string(),
  isBroken: z.boolean(),
});

const sized = z.object({ at: time, bytes: z.number().nonnegative(), by: z.enum(['disk', 'tool']) });

const connected = z
  .object({
    tool: z.enum(['restic', 'borg', 'pgbackrest']),
    repository: z.string(),
    isHere: z.boolean(),
    config: orNothing(bytes),
    id: z.string(),
    secret,
    isEncrypted: z.boolean(),
    keyFile: orNothing(bytes),
    connectedAt: time,
    openedAt: time,
    costMs: z.number().nonnegative().transform(durationMs),
    points: z.array(point),
    lookedFor: z.array(bytes),
    holds: z.array(held),
    untelling: orNothing(z.string()),
    liveLookedFor: z.number(),
    liveMissing: z.number(),
    trouble: orNothing(trouble),
    // A look that was kept before there were sizes has none.
    sizes: z.array(sized).optional(),
    sizeUnknown: z.string().optional(),
  })
  .transform(
    ({ sizes, sizeUnknown, ...rest }): ConnectedRepository => ({
      ...rest,
      ...(sizes === undefined ? {} : { sizes }),
      ...(sizeUnknown === undefined ? {} : { sizeUnknown }),
    }),
  );

export function connectedOfRow(
  row: StateTables['connected_repository'],
): ConnectedRepository | undefined {
  let value: unknown;
  try {
    value = JSON.parse(row.body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
  return connected.safeParse(value).data;
}

export function rowOfConnected(of: ConnectedRepository): StateTables['connected_repository'] {
  return {
    tool: of.tool,
    repository: of.repository,
    // Undefined would vanish, and absent is not the same as not known.
    body: JSON.stringify(of, (_, value: unknown) => value ?? null),
  };
}
