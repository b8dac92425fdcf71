/** What Holdfast put on a host: docs/format/installed.md. */
import { z } from 'zod';

const STEPS_MAX = 200;
export const INSTALLED_SIZE_MAX = 64 * 1024;

const path = z
  .string()
  .max(256)
  .regex(/^(?:\/[A-Za-z0-9@%+=:,._-]+)+$/)
  .refine((text) => !text.split('/').some((part) => part === '..' || part === '.'));
/** Whatever stands in a list: what is removed has our name. */
const ownPath = path.regex(/holdfast/);
const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9@._-]{0,63}$/);

const step = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('directory'), at: path }),
  z.strictObject({ do: z.literal('user'), at: name }),
  z.strictObject({ do: z.literal('tree'), at: ownPath }),
  z.strictObject({ do: z.literal('file'), at: ownPath, was: z.literal(true).optional() }),
  z.strictObject({ do: z.literal('link'), at: ownPath, was: z.literal(true).optional() }),
  z.strictObject({ do: z.literal('package'), at: name, by: z.enum(['dpkg', 'rpm']) }),
  z.strictObject({ do: z.literal('unit'), at: name }),
]);

export const installedSchema = z
  .strictObject({
    format: z.literal('holdfast-installed-0'),
    level: z.enum(['look', 'keep', 'act']),
    steps: z.array(step).max(STEPS_MAX).readonly(),
    version: z.string().regex(/^[0-9A-Za-z.+~-]{1,32}$/),
  })
  .refine(
    ({ steps }) => new Set(steps.map((each) => `${each.do} ${each.at}`)).size === steps.length,
  );

export type Installed = Readonly<z.infer<typeof installedSchema>>;
export type InstalledStep = Installed['steps'][number];
